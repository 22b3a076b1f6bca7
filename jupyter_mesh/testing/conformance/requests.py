"""What is asked: bodies of requests in OpenAI's shape."""

from __future__ import annotations

from ...schemas.json import Json, JsonObject


def user(*parts: Json) -> JsonObject:
    """A request that says this."""
    text = parts[0] if len(parts) == 1 and isinstance(parts[0], str) else [*parts]
    return {"messages": [{"role": "user", "content": text}]}


def dialogue(*turns: tuple[str, Json]) -> JsonObject:
    """A request with these messages."""
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER: JsonObject = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
CLOCK: JsonObject = {
    "type": "function",
    "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}},
}
TOOLS: JsonObject = {**user("How is it in Oslo?"), "tools": [WEATHER, CLOCK]}


NAMED: JsonObject = {"name": "weather"}
CHOICES: tuple[tuple[str, str, Json], ...] = (
    ("auto", "tools", "auto"),
    ("none", "no tools", "none"),
    ("required", "tool choice", "required"),
    ("weather", "tool choice", {"type": "function", "function": NAMED}),
)


def call(number: int, name: str, arguments: str) -> JsonObject:
    """A tool call in OpenAI's shape."""
    function: JsonObject = {"name": name, "arguments": arguments}
    return {"id": f"call_{number}", "type": "function", "function": function}


OSLO = call(1, "weather", '{"city": "Oslo"}')
ROME = call(2, "weather", '{"city": "Rome"}')
ODD = call(1, "weather", '{"city": "São \\"P\\" \\n 東京", "days": 3, "deep": {"a": [1, null]}}')
ODD_ARGUMENTS: Json = {"city": 'São "P" \n 東京', "days": 3, "deep": {"a": [1, None]}}


def after_tools(*calls: JsonObject) -> JsonObject:
    """A request whose tools have run."""
    asked: JsonObject = {"role": "assistant", "content": None, "tool_calls": [*calls]}
    results: list[Json] = [
        {"role": "tool", "tool_call_id": call["id"], "content": f"{4 * number + 4} degrees"}
        for number, call in enumerate(calls)
    ]
    question: JsonObject = {"role": "user", "content": "How is it there?"}
    return {"messages": [question, asked, *results], "tools": [WEATHER]}


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one pixel (PNG, base64)."""


def picture(url: str) -> JsonObject:
    """A request with a picture and a question about it."""
    question: JsonObject = {"type": "text", "text": "What is this?"}
    where: JsonObject = {"url": url}
    return user(question, {"type": "image_url", "image_url": where})


PLAIN = "Say hello to the world."
ODD_TEXT = 'Grüße, 東京 🚀!\n\n```json\n{"a": "b\\n"}\n```\n\u2028end\t"quoted" '
