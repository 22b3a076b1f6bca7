"""Services that the mesh connects when it finds them: what to do where it has found nothing."""

from __future__ import annotations

KEYS: dict[str, str] = {
    "openai": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "gemini": "GEMINI_API_KEY",
    "cohere": "CO_API_KEY",
    "groq": "GROQ_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "together": "TOGETHER_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "nvidia": "NVIDIA_API_KEY",
}
"""By the id of its offer: the variable its key is looked for in."""
PORTS: dict[str, int] = {"ollama": 11434, "vllm": 8000, "lmstudio": 1234}
"""By the id of its offer: where a server of this kind is looked for on the gateway's machine."""


def how_to_get(service: str) -> str | None:
    """The next step, in one sentence; None for a name that is no such service."""
    again = f"restart JupyterLab and run `%llm use {service}` again; on a hub ask its admin."
    if (variable := KEYS.get(service)) is not None:
        return (
            f"No key for {service} was found: set {variable} where JupyterLab is started, {again}"
        )
    if (port := PORTS.get(service)) is not None:
        return f"No {service} answered at 127.0.0.1:{port}: start it with a model loaded, {again}"
    return None
