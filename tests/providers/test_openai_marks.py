"""What OpenAI itself would refuse of a conversation that other vendors' models took part in."""

from __future__ import annotations

from copy import deepcopy

import pytest

from jupyter_mesh.providers.openai_compatible import OpenAICompatible
from jupyter_mesh.providers.openai_config import OpenAIConfig
from jupyter_mesh.providers.openai_marks import is_strict
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.testing.attempts import attempt, provider_context

CACHED: JsonObject = {"cache_control": {"type": "ephemeral"}}
CALL: JsonObject = {
    "id": "c1",
    "type": "function",
    "function": {"name": "weather", "arguments": "{}"},
}
SIGNED: JsonObject = {"extra_content": {"google": {"thought_signature": "c2lnbmVk"}}}
TOOL: JsonObject = {"type": "function", "function": {"name": "weather"}}
MARKED: JsonObject = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "How is it?", **CACHED}]},
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "Let me see.",
            "reasoning_details": [{"type": "reasoning.text", "text": "Let me see."}],
            "tool_calls": [{**CALL, **CACHED, **SIGNED}],
            "citations": [{"text": "see"}],
            **SIGNED,
        },
        {"role": "tool", "tool_call_id": "c1", "content": "No.", "is_error": True, **CACHED},
    ],
    "tools": [{**TOOL, **CACHED}],
    "thinking": {"type": "adaptive"},
    "google": {"thinking_config": {"thinking_budget": 0}},
    **CACHED,
    "seed": 3,
}
PLAIN: JsonObject = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "How is it?"}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "No."},
    ],
    "tools": [TOOL],
    "seed": 3,
}


@pytest.mark.parametrize(
    ("base_url", "strict"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://mine.openai.azure.com/openai/v1", True),
        ("https://mine.services.ai.azure.com/openai/v1", True),
        ("https://mine.openai.azure.us/openai/v1", True),
        ("https://services.ai.azure.com.example.org/v1", False),
        ("https://openrouter.ai/api/v1", False),
        ("https://openai.com.example.org/v1", False),
        ("http://127.0.0.1:8000/v1", False),
    ],
)
def test_openai_gets_what_it_knows_and_others_get_everything(base_url: str, strict: bool) -> None:
    assert is_strict(base_url) is strict
    provider = OpenAICompatible(OpenAIConfig(base_url=base_url), provider_context())
    one = attempt(body=deepcopy(MARKED))
    outgoing = provider.format.outgoing(one)
    wanted = PLAIN if strict else MARKED
    assert {name: outgoing.body.get(name) for name in MARKED} == {
        name: wanted.get(name) for name in MARKED
    }
    assert outgoing.dropped == (("cache_control", "google", "thinking") if strict else ())
    assert {name: one.request.body[name] for name in MARKED} == MARKED, "the request is changed"
