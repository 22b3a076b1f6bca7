"""What people call providers, and under which name a connection to them is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_COMPATIBLE: Final = (
    *("deepseek", "fireworks", "groq", "litellm", "llama_cpp", "lm_studio", "lmstudio", "mistral"),
    *("ollama", "openrouter", "perplexity", "tgi", "together", "vllm", "xai"),
)
_MEANT: Mapping[str, str] = {
    **dict.fromkeys(("aws", "amazon", "aws_bedrock"), "bedrock"),
    **dict.fromkeys(
        ("gcp", "gemini", "google", "google_vertex", "vertex_ai", "vertexai"), "vertex"
    ),
    **dict.fromkeys(("nim", "nvidia", "ngc"), "nvidia_nim"),
    **dict.fromkeys(("mosaic", "mosaicml"), "databricks"),
    **dict.fromkeys(("azure", "microsoft", "azure_ai"), "azure_openai"),
    **dict.fromkeys(("hf", "huggingface_hub", "transformers"), "huggingface"),
    **dict.fromkeys(("cortex", "snowflake_cortex"), "snowflake"),
    "claude": "anthropic",
    "chatgpt": "openai",
    "jamba": "ai21",
}


def meant(name: str) -> str | None:
    """What to write instead of `name`, as a part of a sentence; None where nobody knows."""
    plain = name.lower().replace("-", "_").replace(" ", "_")
    if plain in _COMPATIBLE:
        return " (write 'openai_compatible' with its `base_url`)"
    return f" (did you mean {_MEANT[plain]!r}?)" if plain in _MEANT else None
