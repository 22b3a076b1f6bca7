"""Each route whose text may reach a model, with text at its places: for `test_screened_routes.py`.

A new route that calls (`calls=True` in `route_rules.py`) needs a row here.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jupyter_mesh.schemas.json import Json, JsonObject

Body = Callable[[str], JsonObject]


@dataclass(frozen=True, kw_only=True)
class Screened:
    """How a route is screened.

    Attributes:
        body: Bodies with a text at every place that takes one.
        streams: It answers in streams, too.
        choices: It takes `n`.
        answers: What a model writes comes back to the caller.
        sends: It sends the text to a model outside.
    """

    body: Body
    streams: bool = False
    choices: bool = False
    answers: bool = False
    sends: bool = True


def _tool(text: str) -> JsonObject:
    example: JsonObject = {"type": "object", "properties": {"to": {"examples": [text]}}}
    return {"name": "send", "description": f"Writes to {text}", "parameters": example}


def _file(text: str) -> str:
    return f"data:text/plain;base64,{b64encode(text.encode()).decode()}"


def chat(text: str) -> JsonObject:
    call: Json = {"name": "send", "arguments": f'{{"to": "a \\"{text}\\""}}'}
    image: Json = {"url": f"https://example.net/{text}.png", "alt": f"of {text}"}
    parts: Json = [
        {"type": "text", "text": f"say {text}"},
        {"type": "image_url", "image_url": image},
        {
            "type": "file",
            "file": {"file_data": _file(f"in {text}"), "filename": f"{text}.txt"},
        },
    ]
    return {
        "model": "out/m",
        "user": text,
        "metadata": {"of": text},
        "messages": [
            {"role": "system", "content": f"for {text}"},
            {"role": "user", "content": parts, "name": text},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": call}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": f"sent to {text}"},
        ],
        "tools": [{"type": "function", "function": _tool(text)}],
        "stop": [text],
        "a_field_of_tomorrow": {"deep": [text]},
    }


def responses(text: str) -> JsonObject:
    arguments = f'{{"to": "{text}"}}'
    return {
        "model": "out/m",
        "instructions": f"for {text}",
        "metadata": {"of": text},
        "input": [
            {
                "role": "user",
                "content": [{"type": "input_text", "text": f"say {text}"}],
            },
            {
                "type": "function_call",
                "call_id": "c1",
                "name": "send",
                "arguments": arguments,
            },
            {
                "type": "function_call_output",
                "call_id": "c1",
                "output": f"sent to {text}",
            },
            {"role": "user", "content": f"again {text}"},
        ],
        "tools": [{"type": "function", "strict": False, **_tool(text)}],
    }


def messages(text: str) -> JsonObject:
    said = _tool(text)
    tool: JsonObject = {"name": "send", "description": said["description"]}
    tool["input_schema"] = said["parameters"]
    return {
        "model": "out/m",
        "max_tokens": 200,
        "system": [{"type": "text", "text": f"for {text}"}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": f"say {text}"}]},
            {
                "role": "assistant",
                "content": [
                    {
                        "type": "tool_use",
                        "id": "c1",
                        "name": "send",
                        "input": {"to": text},
                    }
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "c1",
                        "content": f"sent to {text}",
                    },
                    {"type": "text", "text": f"again {text}"},
                ],
            },
        ],
        "tools": [tool],
        "stop_sequences": [text],
    }


SCREENED: Mapping[str, Screened] = {
    "POST /v1/chat/completions": Screened(body=chat, streams=True, choices=True, answers=True),
    "POST /v1/completions": Screened(
        body=lambda text: {
            "model": "out/m",
            "prompt": [f"a {text}", text],
            "suffix": text,
        },
        streams=True,
        choices=True,
        answers=True,
    ),
    "POST /v1/responses": Screened(body=responses, streams=True, answers=True),
    "POST /anthropic/v1/messages": Screened(body=messages, streams=True, answers=True),
    "POST /anthropic/v1/messages/count_tokens": Screened(body=messages, sends=False),
    "POST /v1/embeddings": Screened(
        body=lambda text: {"model": "out/e", "input": [f"a {text}", text], "user": text}
    ),
    "POST /v1/rerank": Screened(
        body=lambda text: {
            "model": "out/r",
            "query": f"who is {text}",
            "documents": [f"a {text}", {"text": text, "title": text}],
        },
    ),
    "POST /v1/classify": Screened(body=lambda text: {"model": "out/c", "input": [text, "b"]}),
    "POST /v1/moderations": Screened(body=lambda text: {"input": [text]}, sends=False),
    "POST /api/dry-run": Screened(
        body=lambda text: {"operation": "chat", "body": chat(text)}, sends=False
    ),
}
