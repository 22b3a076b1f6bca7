from __future__ import annotations

import base64
import math
from array import array
from decimal import Decimal

import orjson
import pytest

from jupyter_mesh.errors import ProviderRejected
from jupyter_mesh.providers.echo import Echo, EchoConfig
from jupyter_mesh.schemas.catalog import Residency
from jupyter_mesh.schemas.events import Answer, Chunk, Finished, Metered
from jupyter_mesh.schemas.json import Json, JsonObject, as_list, dig
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.testing.attempts import attempt, provider_context
from tests.providers.reading import answer_of, chunks_of, events_of, text_of, usage_of

PROMPT = "How many roads must a man walk down?"
BODY: JsonObject = {"messages": [{"role": "user", "content": PROMPT}]}


def echo(**settings: object) -> Echo:
    return Echo(EchoConfig.model_validate({"delay_ms": 0, **settings}), provider_context())


def said(answer: JsonObject) -> str:
    return str(dig(answer, "choices", 0, "message", "content"))


async def test_the_answer_is_labelled_and_quotes_the_prompt() -> None:
    text = said(await answer_of(echo(), attempt(body=BODY, model="echo")))
    assert text.startswith("**Offline demo**: this is `echo`, not a language model.")
    assert f"> {PROMPT}" in text
    assert "| 1 | 8 | 36 |" in text


async def test_equal_requests_are_answered_alike() -> None:
    first = await answer_of(echo(), attempt(body=BODY, model="echo"))
    assert await answer_of(echo(), attempt(body=BODY, model="echo")) == first
    other: JsonObject = {"messages": [{"role": "user", "content": "something else"}]}
    assert await answer_of(echo(), attempt(body=other, model="echo")) != first


async def test_the_stream_says_what_the_whole_answer_says() -> None:
    chunks = await chunks_of(echo(), attempt(body=BODY, model="echo", stream=True))
    assert text_of(chunks) == said(await answer_of(echo(), attempt(body=BODY, model="echo")))
    assert len(chunks) > 10
    streamed = await usage_of(echo(), attempt(body=BODY, model="echo", stream=True))
    assert streamed == await usage_of(echo(), attempt(body=BODY, model="echo"))


async def test_shout_is_louder() -> None:
    quiet = said(await answer_of(echo(), attempt(body=BODY, model="echo")))
    assert said(await answer_of(echo(), attempt(body=BODY, model="shout"))) == quiet.upper()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_a_limit_of_tokens_cuts_and_says_so(name: str, stream: bool) -> None:
    one = attempt(body={**BODY, name: 5}, model="echo", stream=stream)
    events = await events_of(echo(), one)
    assert events[-1] == Finished("length")
    assert isinstance(events[-2], Metered)
    assert events[-2].usage.output == 5


async def test_stop_texts_end_the_answer() -> None:
    body: JsonObject = {**BODY, "stop": ["not a language"]}
    assert said(await answer_of(echo(), attempt(body=body, model="echo"))).endswith("`echo`, ")


async def test_several_choices_and_prompts_are_answered() -> None:
    answer = await answer_of(echo(), attempt(body={**BODY, "n": 3}, model="echo"))
    assert len(as_list(answer["choices"]) or []) == 3
    prompts = attempt(Operation.COMPLETION, {"prompt": ["one", "two"]}, model="echo")
    texts = [
        str(dig(c, "text")) for c in as_list((await answer_of(echo(), prompts))["choices"]) or []
    ]
    assert "> one" in texts[0]
    assert "> two" in texts[1]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_a_schema_is_answered_with_an_instance(stream: bool) -> None:
    schema: JsonObject = {
        "type": "object",
        "properties": {"roads": {"type": "integer", "minimum": 42}, "who": {"enum": ["man"]}},
        "required": ["roads", "who"],
    }
    body: JsonObject = {
        **BODY,
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
    }
    one = attempt(body=body, model="shout", stream=stream)
    text = text_of(await chunks_of(echo(), one)) if stream else said(await answer_of(echo(), one))
    assert orjson.loads(text) == {"roads": 42, "who": "man"}


async def test_json_mode_is_answered_with_an_object() -> None:
    body: JsonObject = {**BODY, "response_format": {"type": "json_object"}}
    text = said(await answer_of(echo(), attempt(body=body, model="echo")))
    assert orjson.loads(text) == {"echo": PROMPT}


async def test_parts_that_are_not_text_are_counted_not_ignored() -> None:
    image: JsonObject = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    content: Json = [{"type": "text", "text": "look"}, image]
    body: JsonObject = {"messages": [{"role": "user", "content": content}]}
    text = said(await answer_of(echo(), attempt(body=body, model="echo")))
    assert "Attachments it did not look at: 1." in text


REFUSED: list[tuple[Operation, JsonObject, str, str]] = [
    (Operation.CHAT, BODY, "gpt-5", "no model 'gpt-5'"),
    (Operation.CHAT, {"tools": [{"type": "function"}]}, "echo", "tools"),
    (Operation.CHAT, {"logprobs": True}, "echo", "logprobs"),
    (Operation.RERANK, {}, "echo", "rerank"),
    (Operation.COMPLETION, {"prompt": [1, 2]}, "echo", "token numbers"),
    (Operation.EMBEDDING, {"input": [1, 2]}, "echo", "token numbers"),
    (Operation.EMBEDDING, {"dimensions": 1}, "echo", "dimensions"),
    (
        Operation.CHAT,
        {"response_format": {"type": "json_schema", "json_schema": {"schema": False}}},
        "echo",
        "cannot fill this schema",
    ),
]


@pytest.mark.parametrize(("operation", "body", "model", "reason"), REFUSED)
async def test_what_only_a_model_can_do_is_refused_by_name(
    operation: Operation, body: JsonObject, model: str, reason: str
) -> None:
    with pytest.raises(ProviderRejected, match=reason):
        await events_of(echo(), attempt(operation, body, model=model))


async def test_tools_that_may_not_be_called_are_no_reason_to_refuse() -> None:
    body: JsonObject = {**BODY, "tools": [{"type": "function"}], "tool_choice": "none"}
    assert said(await answer_of(echo(), attempt(body=body, model="echo")))


async def vectors(provider: Echo, body: JsonObject) -> list[list[float]]:
    answer = await answer_of(provider, attempt(Operation.EMBEDDING, body, model="echo"))
    found: list[list[float]] = []
    for item in as_list(answer["data"]) or []:
        embedding = dig(item, "embedding")
        if isinstance(embedding, str):
            embedding = array("f", base64.b64decode(embedding)).tolist()
        assert isinstance(embedding, list)
        found.append([float(str(value)) for value in embedding])
    return found


async def test_embeddings_are_unit_vectors_that_share_what_the_texts_share() -> None:
    texts: list[Json] = ["a blue whale swims", "a blue whale dives", "tax law of 1925"]
    first, second, third = await vectors(echo(), {"input": texts})
    assert all(math.isclose(math.hypot(*v), 1.0) for v in (first, second, third))
    near = sum(a * b for a, b in zip(first, second, strict=True))
    far = sum(a * b for a, b in zip(first, third, strict=True))
    assert near > 0.5 > far


async def test_embedding_options_hold() -> None:
    assert len((await vectors(echo(), {"input": "x"}))[0]) == 64
    assert len((await vectors(echo(dimensions=10), {"input": "x"}))[0]) == 10
    assert len((await vectors(echo(), {"input": "x", "dimensions": 3}))[0]) == 3
    (plain,) = await vectors(echo(), {"input": "some text"})
    (packed,) = await vectors(echo(), {"input": "some text", "encoding_format": "base64"})
    assert packed == pytest.approx(plain, abs=1e-6)


async def test_the_facts_say_what_it_is() -> None:
    facts = {one.name: one for one in await echo().models()}
    assert set(facts) == {"echo", "shout"}
    one = facts["echo"]
    assert one.offline_demo
    assert one.residency is Residency.LOCAL
    assert one.description == "offline demo, not a language model"
    assert one.context_window == 8192
    assert one.price is not None
    assert (one.price.input, one.price.output, one.price.source) == (
        Decimal(0),
        Decimal(0),
        "local",
    )


async def test_the_admins_models_replace_the_two() -> None:
    provider = Echo(EchoConfig(), provider_context(models={"demo": {}}))
    assert [one.name for one in await provider.models()] == ["demo"]
    with pytest.raises(ProviderRejected, match="it has demo"):
        await events_of(provider, attempt(model="echo"))


async def test_interim_counts_come_while_it_streams() -> None:
    body: JsonObject = {"messages": [{"role": "user", "content": "word " * 300}], "n": 3}
    events = await events_of(echo(), attempt(body=body, model="echo", stream=True))
    interim = [event for event in events if isinstance(event, Metered) and not event.final]
    assert interim
    assert [event.usage.output for event in interim] == [64 * (i + 1) for i in range(len(interim))]


async def test_raw_text_equals_data() -> None:
    for stream in (False, True):
        for event in await events_of(echo(), attempt(body=BODY, model="echo", stream=stream)):
            if isinstance(event, Chunk | Answer):
                assert event.raw is not None
                assert orjson.loads(event.raw) == event.data
