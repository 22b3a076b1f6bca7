"""The fake is faithful: Google's own client runs against it, unmocked, over a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from google import genai
from google.auth.credentials import Credentials
from google.genai import errors, types

from jupyter_mesh.testing.fake_gemini import Behaviour, FakeGemini

MODEL = "gemini-2.5-flash"
TOOL_CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
    "extra_content": {"google": {"thought_signature": "c2lnbmVk"}},
}


class Preset(Credentials):
    """A token that is there."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "ya29.preset"

    def refresh(self, request: object) -> None:
        raise AssertionError("a preset token needs no refresh")


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini(api_key="ya29.preset") as upstream:
        yield upstream


@pytest.fixture
def client(fake: FakeGemini) -> genai.Client:
    return genai.Client(
        vertexai=True,
        project="p",
        location="europe-west4",
        credentials=Preset(),
        http_options=types.HttpOptions(
            base_url=fake.base_url, api_version="v1", retry_options={"attempts": 1}
        ),
    )


def test_an_answer(fake: FakeGemini, client: genai.Client) -> None:
    fake.script(Behaviour(text="Good day.", reasoning="They greet me."))
    answer = client.models.generate_content(model=MODEL, contents="Hello there.")
    assert answer.text == "Good day."
    assert answer.candidates is not None
    assert answer.candidates[0].finish_reason is types.FinishReason.STOP
    parts = answer.candidates[0].content.parts
    assert (parts[0].thought, parts[0].text) == (True, "They greet me.")
    usage = answer.usage_metadata
    counts = (usage.prompt_token_count, usage.candidates_token_count, usage.thoughts_token_count)
    assert counts == (2, 2, 3)
    assert fake.requests[0].path == (
        "/v1/projects/p/locations/europe-west4/publishers/google/models/"
        "gemini-2.5-flash:generateContent"
    )


def test_a_stream(fake: FakeGemini, client: genai.Client) -> None:
    fake.script(Behaviour(text="one two three"))
    events = list(client.models.generate_content_stream(model=MODEL, contents="Count."))
    assert "".join(event.text or "" for event in events) == "one two three"
    assert events[-1].candidates[0].finish_reason is types.FinishReason.STOP
    assert events[-1].usage_metadata.candidates_token_count == 3
    assert events[0].usage_metadata.traffic_type is types.TrafficType.ON_DEMAND
    assert fake.requests[0].target.endswith("?alt=sse")


def test_the_asynchronous_client(fake: FakeGemini, client: genai.Client) -> None:
    async def ask() -> tuple[str | None, str]:
        whole = await client.aio.models.generate_content(model=MODEL, contents="Hi.")
        stream = await client.aio.models.generate_content_stream(model=MODEL, contents="Hi.")
        return whole.text, "".join([event.text or "" async for event in stream])

    fake.default = Behaviour(text="Good day to you.")
    assert asyncio.run(ask()) == ("Good day to you.", "Good day to you.")


def test_tools_there_and_back(fake: FakeGemini, client: genai.Client) -> None:
    weather = types.FunctionDeclaration(
        name="weather",
        description="The weather in a city.",
        parameters_json_schema={"type": "object", "properties": {"city": {"type": "string"}}},
    )
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[weather])],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(
                mode=types.FunctionCallingConfigMode.ANY, allowed_function_names=["weather"]
            )
        ),
    )
    fake.script(Behaviour(tool_calls=(TOOL_CALL,)), Behaviour(text="Mild."))
    asked = types.Content(role="user", parts=[types.Part(text="How is it in Oslo?")])
    first = client.models.generate_content(model="gemini-3-pro", contents=[asked], config=config)
    (call,) = first.function_calls
    assert (call.name, call.args) == ("weather", {"city": "Oslo"})
    said = first.candidates[0].content
    assert said.parts[0].thought_signature == b"signed"
    told = types.Part.from_function_response(name="weather", response={"output": "4 degrees"})
    result = types.Content(role="user", parts=[told])
    second = client.models.generate_content(
        model="gemini-3-pro", contents=[asked, said, result], config=config
    )
    assert second.text == "Mild."
    heard = fake.dialect.heard(fake.requests[-1])
    assert heard.tool_choice == "weather"
    assert [turn.results for turn in heard.turns if turn.results] == [[("weather", "4 degrees")]]


def test_an_answer_by_a_schema(fake: FakeGemini, client: genai.Client) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_json_schema=schema
    )
    answer = client.models.generate_content(model=MODEL, contents="A city.", config=config)
    assert set(answer.parsed) == {"city"}


def test_a_picture_and_settings(fake: FakeGemini, client: genai.Client) -> None:
    config = types.GenerateContentConfig(
        system_instruction="Be brief.", temperature=0.5, seed=7, stop_sequences=["END"],
        max_output_tokens=2, candidate_count=2, response_logprobs=True,
        thinking_config=types.ThinkingConfig(thinking_budget=0),
    )  # fmt: skip
    picture = types.Part.from_bytes(data=b"\x89PNG", mime_type="image/png")
    fake.script(Behaviour(text="one two three", logprobs=True))
    answer = client.models.generate_content(
        model=MODEL, contents=["What is this?", picture], config=config
    )
    assert len(answer.candidates) == 2
    assert answer.candidates[0].finish_reason is types.FinishReason.MAX_TOKENS
    assert answer.candidates[0].logprobs_result.chosen_candidates[0].log_probability == -0.5
    heard = fake.dialect.heard(fake.requests[0])
    assert heard.system == ["Be brief."]
    assert heard.turns[0].images == ["iVBORw=="]
    assert heard.parameters["stop"] == ["END"]


def test_embeddings(fake: FakeGemini, client: genai.Client) -> None:
    config = types.EmbedContentConfig(output_dimensionality=4, task_type="RETRIEVAL_QUERY")
    answer = client.models.embed_content(
        model="text-embedding-005", contents=["one two", "three"], config=config
    )
    assert [len(one.values) for one in answer.embeddings] == [4, 4]
    assert [one.statistics.token_count for one in answer.embeddings] == [2, 1]
    assert fake.requests[0].json["parameters"] == {"outputDimensionality": 4}


def test_geminis_embeddings(fake: FakeGemini, client: genai.Client) -> None:
    one = client.models.embed_content(model="gemini-embedding-2", contents="one two")
    assert len(one.embeddings[0].values) == 8
    assert one.embeddings[0].statistics.token_count == 2
    assert fake.requests[0].path.endswith("gemini-embedding-2:embedContent")
    several = client.models.embed_content(
        model="gemini-embedding-2",
        contents=[types.Content(parts=[types.Part(text=text)]) for text in ("one two", "three")],
        config={"http_options": {"api_version": "v1beta1"}},
    )
    assert len(several.embeddings) == 2
    assert fake.requests[1].path.endswith("gemini-embedding-2:batchEmbedContents")
    assert fake.requests[1].path.startswith("/v1beta1/")


def test_the_list_of_models(fake: FakeGemini, client: genai.Client) -> None:
    config = {"query_base": True, "page_size": 2, "http_options": {"api_version": "v1beta1"}}
    names = [model.name for model in client.models.list(config=config)]
    assert names[0] == "publishers/google/models/gemini-2.5-flash"
    assert len(names) == 3, "it goes on with the next page"


def test_errors_are_statuses_of_googles(fake: FakeGemini, client: genai.Client) -> None:
    fake.script(Behaviour(fault="rate_limited"))
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model=MODEL, contents="Hi.")
    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert caught.value.details["error"]["details"][0]["domain"] == "aiplatform.googleapis.com"
    fake.script(Behaviour(fault="error_event"))
    with pytest.raises(errors.APIError, match="crashed"):
        list(client.models.generate_content_stream(model=MODEL, contents="Hi."))


REFUSED: list[tuple[dict[str, object], str]] = [
    ({}, "contents field is required"),
    ({"contents": [{"role": "user", "parts": [{"text": "a"}]}], "frob": 1}, 'Unknown name "frob"'),
    (
        {
            "contents": [{"role": "user", "parts": [{"text": "a"}]}],
            "generationConfig": {"topq": 1},
        },
        'Unknown name "topq"',
    ),
    ({"contents": [{"role": "assistant", "parts": [{"text": "a"}]}]}, "valid role"),
    ({"contents": [{"role": "user", "parts": []}]}, "at least one parts"),
    (
        {"contents": [{"role": "user", "parts": [{"inlineData": {"data": "aa"}}]}]},
        "must have a mimeType",
    ),
    (
        {
            "contents": [
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
                {"role": "user", "parts": [{"text": "and?"}]},
            ]
        },
        "number of function response parts",
    ),
    (
        {"contents": [{"role": "user", "parts": [{"text": "a", "inline": {}}]}]},
        'Unknown name "inline"',
    ),
    (
        {"contents": [{"role": "model", "parts": [{"functionCall": {"name": "f", "id": "1"}}]}]},
        'Unknown name "id"',
    ),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_it_refuses_what_google_refuses(
    fake: FakeGemini, client: genai.Client, body: dict[str, object], message: str
) -> None:
    path = "publishers/google/models/gemini-2.5-flash:generateContent"
    with pytest.raises(errors.ClientError, match=message):
        client._api_client.request("post", path, body)


def test_a_call_without_its_signature_is_refused_from_gemini_3_on(
    fake: FakeGemini, client: genai.Client
) -> None:
    call = types.Part(function_call=types.FunctionCall(name="weather", args={}))
    told = types.Part.from_function_response(name="weather", response={"output": "4"})
    contents = [
        types.Content(role="user", parts=[types.Part(text="How is it?")]),
        types.Content(role="model", parts=[call]),
        types.Content(role="user", parts=[told]),
    ]
    with pytest.raises(errors.ClientError, match="thought_signature"):
        client.models.generate_content(model="gemini-3-pro", contents=contents)
    assert client.models.generate_content(model=MODEL, contents=contents).text
