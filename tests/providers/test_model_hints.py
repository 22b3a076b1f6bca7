from __future__ import annotations

import subprocess
import sys

import pytest

from jupyter_mesh.providers.model_hints import capabilities_of, operations_of

OPERATIONS = [
    ("gpt-5-mini", {"chat"}),
    ("models/gemini-2.5-flash", {"chat"}),
    ("llama3.2:3b", {"chat"}),
    ("text-embedding-3-small", {"embedding"}),
    ("nomic-embed-text:latest", {"embedding"}),
    ("BAAI/bge-m3", {"embedding"}),
    ("BAAI/bge-reranker-v2-m3", {"rerank"}),
    ("gpt-3.5-turbo-instruct", {"completion"}),
    ("davinci-002", {"completion"}),
    ("whisper-1", set()),
    ("tts-1-hd", set()),
    ("gpt-image-1", set()),
    ("omni-moderation-latest", set()),
    ("gpt-4o-realtime-preview", set()),
]


@pytest.mark.parametrize(("name", "operations"), OPERATIONS)
def test_a_name_tells_what_can_be_asked(name: str, operations: set[str]) -> None:
    assert {str(one) for one in operations_of(name)} == operations


CAPABILITIES = [
    ("gpt-4o", {"stream", "tools", "json_schema", "vision", "logprobs"}),
    ("gpt-5-mini", {"stream", "tools", "json_schema", "vision", "reasoning"}),
    ("o3-mini", {"stream", "tools", "json_schema", "reasoning"}),
    ("mistral-small-latest", {"stream", "tools", "json_schema"}),
    ("Qwen/Qwen2.5-VL-7B-Instruct", {"stream", "tools", "vision"}),
    ("deepseek-reasoner", {"stream", "tools", "reasoning"}),
    ("some-unknown-model", {"stream"}),
    ("photo3-chat", {"stream"}),
    ("text-embedding-3-small", set()),
]


@pytest.mark.parametrize(("name", "capabilities"), CAPABILITIES)
def test_only_what_is_known_is_claimed(name: str, capabilities: set[str]) -> None:
    assert {str(one) for one in capabilities_of(name)} == capabilities


@pytest.mark.parametrize("module", ["openai_compatible", "echo", "discover"])
def test_importing_a_provider_loads_no_http_client(module: str) -> None:
    code = f"import sys, jupyter_mesh.providers.{module}; print('aiohttp' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
