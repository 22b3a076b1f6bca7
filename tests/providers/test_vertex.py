"""What goes to Google Vertex AI and how its answers are read, beyond the shipped contract."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

import pytest

from jupyter_mesh.errors import (
    InvalidRequest,
    MeshError,
    ProviderRejected,
    ProviderUnavailable,
    UnsupportedParameter,
)
from jupyter_mesh.providers.vertex_config import VertexConfig, address_of
from jupyter_mesh.schemas.catalog import Capability
from jupyter_mesh.schemas.events import Answer, Finished, Notice
from jupyter_mesh.schemas.json import Json, JsonObject, dig
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_gemini import Behaviour, FakeGemini
from tests.providers.reading import answer_of, chunks_of, events_of, usage_of
from tests.providers.test_vertex_contract import TOKEN, connect

FLASH = "gemini-2.5-flash"
SIGNED: JsonObject = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
    "extra_content": {"google": {"thought_signature": "c2lnbmVk"}},
}
WEATHER: JsonObject = {"type": "function", "function": {"name": "weather", "parameters": {}}}


@pytest.fixture
def fake() -> Iterator[FakeGemini]:
    with FakeGemini() as upstream:
        yield upstream


async def sent(fake: FakeGemini, body: JsonObject, model: str = FLASH) -> JsonObject:
    """What a chat request becomes on the wire."""
    provider = connect(fake)
    await answer_of(provider, attempt(body=body, model=model))
    await provider.aclose()
    return fake.requests[-1].json


ADDRESSES = [
    ("global", "https://aiplatform.googleapis.com"),
    ("europe-west4", "https://europe-west4-aiplatform.googleapis.com"),
    ("eu", "https://aiplatform.eu.rep.googleapis.com"),
    ("us", "https://aiplatform.us.rep.googleapis.com"),
]


@pytest.mark.parametrize(("location", "address"), ADDRESSES)
def test_each_location_has_its_address(location: str, address: str) -> None:
    assert address_of(location) == address
    config = VertexConfig.model_validate({"project": "p", "location": location})
    assert config.base_url == address


def test_a_private_endpoint_stands_in_its_place() -> None:
    config = VertexConfig.model_validate({"project": "p", "base_url": "https://vertex.corp/"})
    assert config.base_url == "https://vertex.corp"


WRONG: list[tuple[dict[str, object], str]] = [
    ({}, "name the `project`"),
    ({"project": "../x"}, "write its id"),
    ({"project": "p", "location": "eu/west"}, "write its id"),
    ({"project": "p", "location": "example.com:443"}, "write its id"),
    ({"project": "p", "api_key": "env:A", "access_token": "env:B"}, "write one of"),
    ({"project": "p", "credentials": '{"private_key": "…"}'}, "write a reference"),
    ({"project": "p", "regions": ["a"]}, "Extra inputs"),
]


@pytest.mark.parametrize(("settings", "says"), WRONG)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        VertexConfig.model_validate(settings)
    assert "private_key" not in str(refused.value)


RESOURCES = [
    (FLASH, "publishers/google/models/gemini-2.5-flash"),
    ("text-embedding-005", "publishers/google/models/text-embedding-005"),
    ("endpoints/1234567890", "endpoints/1234567890"),
    ("publishers/google/models/gemini-2.5-pro", "publishers/google/models/gemini-2.5-pro"),
    ("acme/model-1@002", "publishers/acme/models/model-1@002"),
    ("odd?alt=x#y", "publishers/google/models/odd%3Falt%3Dx%23y"),
]


@pytest.mark.parametrize(("model", "resource"), RESOURCES)
async def test_each_model_has_its_resource(fake: FakeGemini, model: str, resource: str) -> None:
    await sent(fake, {}, model)
    prefix = "/v1/projects/p/locations/global/"
    assert fake.requests[-1].target == f"{prefix}{resource}:generateContent"


@pytest.mark.parametrize("model", ["..", "a/../b", "publishers//x", ""])
async def test_a_name_that_would_change_the_address_is_refused(
    fake: FakeGemini, model: str
) -> None:
    provider = connect(fake)
    with pytest.raises(ProviderRejected) as refused:
        await events_of(provider, attempt(model=model))
    assert (refused.value.status, refused.value.param) == (404, "model")
    assert not fake.requests


async def test_an_api_key_needs_no_project(fake: FakeGemini) -> None:
    provider = connect(fake, api_key="env:KEY")
    await answer_of(provider, attempt(model=FLASH))
    (received,) = fake.requests
    assert received.path == f"/v1/publishers/google/models/{FLASH}:generateContent"
    assert received.headers["x-goog-api-key"] == "AIzaSy-test-0123456789"
    assert "authorization" not in received.headers


async def test_quota_may_be_another_projects(fake: FakeGemini) -> None:
    await answer_of(connect(fake, quota_project="payer"), attempt(model=FLASH))
    assert fake.requests[0].headers["x-goog-user-project"] == "payer"
    assert fake.requests[0].token == TOKEN


EFFORTS: list[tuple[str, str, JsonObject]] = [
    (FLASH, "none", {"thinkingBudget": 0}),
    (FLASH, "minimal", {"thinkingBudget": 1_024, "includeThoughts": True}),
    (FLASH, "low", {"thinkingBudget": 1_024, "includeThoughts": True}),
    (FLASH, "medium", {"thinkingBudget": 8_192, "includeThoughts": True}),
    (FLASH, "high", {"thinkingBudget": 24_576, "includeThoughts": True}),
    ("gemini-3-pro-preview", "low", {"thinkingLevel": "LOW", "includeThoughts": True}),
    ("gemini-3-pro-preview", "high", {"thinkingLevel": "HIGH", "includeThoughts": True}),
    ("gemini-3.5-flash", "none", {"thinkingLevel": "MINIMAL"}),
    ("gemini-10-flash", "xhigh", {"thinkingLevel": "HIGH", "includeThoughts": True}),
]


@pytest.mark.parametrize(("model", "effort", "config"), EFFORTS)
async def test_how_much_to_think(
    fake: FakeGemini, model: str, effort: str, config: JsonObject
) -> None:
    body = await sent(fake, {"reasoning_effort": effort}, model)
    assert dig(body, "generationConfig", "thinkingConfig") == config


async def test_thoughts_need_not_be_shown(fake: FakeGemini) -> None:
    provider = connect(fake, thoughts=False)
    await answer_of(provider, attempt(body={"reasoning_effort": "low"}, model=FLASH))
    assert dig(fake.requests[0].json, "generationConfig", "thinkingConfig") == {
        "thinkingBudget": 1_024
    }


async def test_what_only_google_has_is_passed_on(fake: FakeGemini) -> None:
    body = await sent(
        fake,
        {
            "top_k": 40,
            "google": {
                "thinking_config": {"include_thoughts": True, "thinking_budget": 100},
                "safety_settings": [
                    {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}
                ],
                "cached_content": "projects/p/locations/l/cachedContents/1",
            },
        },
    )
    assert dig(body, "generationConfig", "thinkingConfig") == {
        "includeThoughts": True,
        "thinkingBudget": 100,
    }
    assert dig(body, "generationConfig", "topK") == 40
    assert dig(body, "safetySettings", 0, "threshold") == "BLOCK_NONE"
    assert body["cachedContent"] == "projects/p/locations/l/cachedContents/1"
    with pytest.raises(UnsupportedParameter, match=r"google\.frob"):
        await sent(fake, {"google": {"frob": 1}})


async def test_a_parameter_it_lacks_is_dropped_with_a_word_or_refused(fake: FakeGemini) -> None:
    one = attempt(body={"logit_bias": {"5": 1}}, model=FLASH)
    notices = [event for event in await events_of(connect(fake), one) if isinstance(event, Notice)]
    assert [notice.details for notice in notices] == [{"parameters": ["logit_bias"]}]
    with pytest.raises(UnsupportedParameter) as refused:
        await events_of(connect(fake, unsupported="refuse"), one)
    assert refused.value.param == "logit_bias"


MEDIA: list[tuple[JsonObject, JsonObject]] = [
    (
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
    ),
    (
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERg=="}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERg=="}},
    ),
    (
        {"type": "image_url", "image_url": {"url": "gs://bucket/cat.webp"}},
        {"fileData": {"mimeType": "image/webp", "fileUri": "gs://bucket/cat.webp"}},
    ),
    (
        {"type": "image_url", "image_url": {"url": "https://example.com/cat?size=big"}},
        {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://example.com/cat?size=big"}},
    ),
]


@pytest.mark.parametrize(("part", "becomes"), MEDIA)
async def test_media_in_gemini_s_words(
    fake: FakeGemini, part: JsonObject, becomes: JsonObject
) -> None:
    body = await sent(fake, {"messages": [{"role": "user", "content": [part]}]})
    assert body["contents"] == [{"role": "user", "parts": [becomes]}]


async def test_what_google_cannot_fetch_is_refused(fake: FakeGemini) -> None:
    url: JsonObject = {"url": "file:///etc/passwd"}
    content: Json = [{"type": "image_url", "image_url": url}]
    with pytest.raises(UnsupportedParameter, match="gs://"):
        await sent(fake, {"messages": [{"role": "user", "content": content}]})
    assert not fake.requests


async def test_instructions_alone_are_said_by_the_user(fake: FakeGemini) -> None:
    body = await sent(fake, {"messages": [{"role": "system", "content": "Tell a joke."}]})
    assert body["contents"] == [{"role": "user", "parts": [{"text": "Tell a joke."}]}]
    assert "systemInstruction" not in body


@pytest.mark.parametrize("stream", [False, True])
async def test_a_signature_comes_back_with_its_call(fake: FakeGemini, stream: bool) -> None:
    fake.script(Behaviour(tool_calls=(SIGNED,)))
    provider = connect(fake)
    one = attempt(body={"tools": [WEATHER]}, model="gemini-3-pro", stream=stream)
    if stream:
        chunks = [chunk.data for chunk in await chunks_of(provider, one)]
        (call,) = (
            dig(chunk, "choices", 0, "delta", "tool_calls", 0)
            for chunk in chunks
            if dig(chunk, "choices", 0, "delta", "tool_calls")
        )
    else:
        answer = await answer_of(provider, one)
        call = dig(answer, "choices", 0, "message", "tool_calls", 0)
    assert isinstance(call, dict)
    assert dig(call, "extra_content", "google", "thought_signature") == "c2lnbmVk"
    identity = call["id"]
    assert isinstance(identity, str)
    assert len(identity) <= 40, "OpenAI takes no longer ones, and may be asked next"
    body = await sent(
        fake,
        {
            "messages": [
                {"role": "user", "content": "How is it?"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": identity, "content": '{"degrees": 4}'},
                {"role": "user", "content": "And?"},
            ]
        },
        "gemini-3-pro",
    )
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "How is it?"}]},
        {
            "role": "model",
            "parts": [
                {
                    "functionCall": {"name": "weather", "args": {"city": "Oslo"}},
                    "thoughtSignature": "c2lnbmVk",
                }
            ],
        },
        {
            "role": "user",
            "parts": [{"functionResponse": {"name": "weather", "response": {"degrees": 4}}}],
        },
        {"role": "user", "parts": [{"text": "And?"}]},
    ]


async def test_calls_of_another_model_are_taken_over(fake: FakeGemini) -> None:
    """The stand-in refuses a call without a signature for Gemini 3, as Google does."""
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
        for n in (1, 2)
    ]
    body = await sent(
        fake,
        {
            "messages": [
                {"role": "user", "content": "How is it?"},
                {"role": "assistant", "content": "Let me see.", "tool_calls": calls},
                {"role": "tool", "tool_call_id": "call_2", "content": "second"},
                {"role": "tool", "tool_call_id": "call_1", "content": "first"},
            ]
        },
        "gemini-3-pro",
    )
    results = dig(body, "contents", 2, "parts")
    assert isinstance(results, list)
    outputs = [dig(part, "functionResponse", "response", "output") for part in results]
    assert outputs == ["first", "second"], "by order, since there are no ids"


async def test_a_signature_of_words_comes_back_too(fake: FakeGemini) -> None:
    parts: Json = [{"text": "Yes."}, {"text": "", "thoughtSignature": "d29yZHM="}]
    candidate: JsonObject = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    fake.script(Behaviour(answer={"candidates": [candidate]}))
    answer = await answer_of(connect(fake), attempt(model=FLASH))
    message = dig(answer, "choices", 0, "message")
    assert isinstance(message, dict)
    assert message["content"] == "Yes."
    question: Json = {"role": "user", "content": "And?"}
    body = await sent(fake, {"messages": [question, message, question]})
    assert dig(body, "contents", 1, "parts") == [{"text": "Yes.", "thoughtSignature": "d29yZHM="}]


async def test_pictures_in_a_tools_result(fake: FakeGemini) -> None:
    url: JsonObject = {"url": "data:image/png;base64,iVBORw=="}
    content: Json = [{"type": "text", "text": "done"}, {"type": "image_url", "image_url": url}]
    asked: JsonObject = {"role": "assistant", "content": None, "tool_calls": [SIGNED]}
    told: JsonObject = {"role": "tool", "tool_call_id": "call_1", "content": content}
    question: JsonObject = {"role": "user", "content": "Draw."}
    body = await sent(fake, {"messages": [question, asked, told]})
    assert dig(body, "contents", 2, "parts", 0, "functionResponse") == {
        "name": "weather",
        "response": {"output": "done"},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}],
    }


BAD_MESSAGES: list[tuple[JsonObject, str]] = [
    (
        {
            "role": "assistant",
            "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "[1]"}}],
        },
        "no JSON object",
    ),
    (
        {"role": "user", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}]},
        "Only an assistant's",
    ),
]


@pytest.mark.parametrize(("message", "says"), BAD_MESSAGES)
async def test_messages_that_cannot_be_put_to_gemini(
    fake: FakeGemini, message: JsonObject, says: str
) -> None:
    with pytest.raises(InvalidRequest, match=says):
        await sent(fake, {"messages": [message]})
    assert not fake.requests


ENDS = [
    ("STOP", "stop"),
    ("MAX_TOKENS", "length"),
    ("OTHER", "stop"),
    ("SOMETHING_NEW", "stop"),
    *(
        (word, "content_filter")
        for word in ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
                     "MODEL_ARMOR", "IMAGE_SAFETY")
    ),
]  # fmt: skip


@pytest.mark.parametrize(("word", "reason"), ENDS)
@pytest.mark.parametrize("stream", [False, True])
async def test_each_end_has_its_word(
    fake: FakeGemini, word: str, reason: str, stream: bool
) -> None:
    fake.script(Behaviour(finish_reason=word))
    events = await events_of(connect(fake), attempt(model=FLASH, stream=stream))
    assert events[-1] == Finished(reason)


@pytest.mark.parametrize("word", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_is_of_no_use_is_an_error_that_was_paid_for(
    fake: FakeGemini, word: str, stream: bool
) -> None:
    fake.script(Behaviour(finish_reason=word))
    with pytest.raises(ProviderUnavailable, match=word) as failed:
        await events_of(connect(fake), attempt(model=FLASH, stream=stream))
    assert failed.value.processed


BLOCKED: JsonObject = {
    "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
    "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9},
    "responseId": "r",
}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_blocked_prompt_is_a_filtered_answer(fake: FakeGemini, stream: bool) -> None:
    fake.script(Behaviour(answer=BLOCKED), Behaviour(answer=BLOCKED))
    provider, one = connect(fake), attempt(model=FLASH, stream=stream)
    events = await events_of(provider, one)
    assert events[-1] == Finished("content_filter")
    usage = await usage_of(provider, one)
    assert (usage.input, usage.output, usage.estimated) == (9, 0, False)


ARMOUR: JsonObject = {
    "promptFeedback": {
        "blockReason": "MODEL_ARMOR",
        "blockReasonMessage": "Blocked by Model Armor Floor Setting: The prompt violated Prompt "
        "Injection and Jailbreak filters.",
    },
    "usageMetadata": {"trafficType": "ON_DEMAND"},
    "modelVersion": "gemini-2.5-flash",
    "responseId": "OnyaaIPGOdSAm9IP47af2AI",
}
"""As it was recorded."""


@pytest.mark.parametrize("stream", [False, True])
async def test_nobody_pays_for_the_words_of_a_filter(fake: FakeGemini, stream: bool) -> None:
    fake.script(Behaviour(answer=ARMOUR))
    usage = await usage_of(connect(fake), attempt(model=FLASH, stream=stream))
    assert usage.estimated
    assert usage.input > 0
    assert usage.output == 0


async def test_an_answer_without_anything_is_none(fake: FakeGemini) -> None:
    fake.script(Behaviour(answer={"usageMetadata": {"promptTokenCount": 9}}))
    with pytest.raises(MeshError, match="without 'candidates'"):
        await events_of(connect(fake), attempt(model=FLASH))


async def test_a_stream_without_counts_is_estimated(fake: FakeGemini) -> None:
    fake.script(Behaviour(usage_in="never"))
    usage = await usage_of(connect(fake), attempt(model=FLASH, stream=True))
    assert usage.estimated
    assert usage.output > 0


async def test_several_answers_are_streamed_apart(fake: FakeGemini) -> None:
    one = attempt(body={"n": 2}, model=FLASH, stream=True)
    fake.script(Behaviour(usage_in="every_chunk"))  # so that counts do not tell the end
    chunks = [chunk.data for chunk in await chunks_of(connect(fake), one)]
    texts = {0: "", 1: ""}
    for chunk in chunks:
        number, text = (
            dig(chunk, "choices", 0, "index"),
            dig(chunk, "choices", 0, "delta", "content"),
        )
        if isinstance(number, int) and isinstance(text, str):
            texts[number] += text
    assert texts == dict.fromkeys((0, 1), Behaviour().text)


async def test_vectors_in_base64_and_of_a_task(fake: FakeGemini) -> None:
    body: JsonObject = {
        "input": "one two",
        "encoding_format": "base64",
        "task_type": "RETRIEVAL_QUERY",
        "auto_truncate": False,
    }
    one = attempt(Operation.EMBEDDING, body, model="text-embedding-005")
    answer = await answer_of(connect(fake), one)
    packed = dig(answer, "data", 0, "embedding")
    assert isinstance(packed, str)
    assert len(struct.unpack("<8f", base64.b64decode(packed))) == 8
    assert fake.requests[0].json == {
        "instances": [{"content": "one two", "task_type": "RETRIEVAL_QUERY"}],
        "parameters": {"autoTruncate": False},
    }
    assert (await usage_of(connect(fake), one)).input == 2


@pytest.mark.parametrize(
    ("texts", "path"),
    [(["one two"], "v1/…:embedContent"), (["one", "two"], "v1beta1/…:batchEmbedContents")],
)
async def test_geminis_embeddings_have_methods_of_their_own(
    fake: FakeGemini, texts: list[Json], path: str
) -> None:
    body: JsonObject = {"input": texts, "dimensions": 4, "task_type": "CLUSTERING"}
    one = attempt(Operation.EMBEDDING, body, model="gemini-embedding-2")
    answer = await answer_of(connect(fake), one)
    vectors = answer["data"]
    assert isinstance(vectors, list)
    assert [len(dig(one, "embedding") or []) for one in vectors] == [4] * len(texts)  # type: ignore[arg-type]
    whole = "projects/p/locations/global/publishers/google/models/gemini-embedding-2"
    assert fake.requests[0].path == "/" + path.replace("…", whole)
    usage = await usage_of(connect(fake), one)
    assert (usage.input, usage.estimated) == (2, False)


async def test_token_numbers_are_no_text(fake: FakeGemini) -> None:
    one = attempt(Operation.EMBEDDING, {"input": [[1, 2]]}, model="text-embedding-005")
    with pytest.raises(InvalidRequest):
        await events_of(connect(fake), one)
    assert not fake.requests


async def test_the_list_has_what_can_be_asked_over_every_page() -> None:
    names = (*(f"veo-{n}" for n in range(120)), FLASH, "text-embedding-005", "imagen-4.0")
    with FakeGemini(models=names) as fake:
        facts = await connect(fake).probe()
        assert len(fake.requests) == 2, "a page with nothing for us is not the last"
    assert [one.name for one in facts] == [FLASH, "text-embedding-005"]
    assert facts[0].capabilities >= {
        Capability.TOOLS, Capability.VISION, Capability.AUDIO, Capability.REASONING,
    }  # fmt: skip
    assert facts[1].operations == {Operation.EMBEDDING}


async def test_prices_are_googles_wherever_it_is_reached(fake: FakeGemini) -> None:
    assert connect(fake).price_lookup == ("google", None)
    assert connect(fake, price_provider="other").price_lookup == ("other", None)


async def test_the_answer_is_of_openais_shape(fake: FakeGemini) -> None:
    first = (await events_of(connect(fake), attempt(model=FLASH)))[0]
    assert isinstance(first, Answer)
    openai = pytest.importorskip("openai")
    parsed = openai.types.chat.ChatCompletion.model_validate(first.data, strict=True)
    assert parsed.choices[0].message.content == Behaviour().text
