"""Models of this machine through the gateway: real workers, real crashes, nothing leaks outside."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import orjson
import psutil
import pytest

from jupyter_mesh.testing import tiny_models
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.gateway_process import GatewayProcess

from .conftest import Gateway

EMAIL, CARD = "grace.hopper@example.org", "4111 1111 1111 1111"
PROMPT: Any = [{"role": "user", "content": "The quick brown fox"}]
PLANTED: Any = [{"role": "user", "content": f"Mail {EMAIL} and charge {CARD}, please."}]


@pytest.fixture(scope="module")
def local(tiny_chat: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with models of its own, one that cannot be loaded, and one outside."""
    folder = tmp_path_factory.mktemp("models")
    broken = shutil.copytree(tiny_chat, folder / "broken")
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    models = {
        "chat": {"path": str(tiny_chat)},
        "embed": {"path": str(tiny_models.build_embedder(folder / "embed")), "task": "embed"},
        "classify": {
            "path": str(tiny_models.build_classifier(folder / "classify")),
            "task": "classify",
        },
        "broken": {"path": str(broken)},
    }
    with FakeOpenAI() as outside:
        out = {"provider": "openai_compatible", "base_url": outside.base_url, "models": ["m"]}
        process = GatewayProcess(tmp_path_factory.mktemp("gateway"))
        process.configure(
            {
                "connections": {
                    "local": {"provider": "huggingface", "device": "cpu", "models": models},
                    "out": out,
                },
                "aliases": {
                    "fast": {"models": ["local/broken", "out/m"]},
                    "roomy": {"models": ["local/chat", "out/m"]},
                },
                "cache": {"exact": {"enabled": False}},
            }
        )
        with process:
            gateway = Gateway(process, outside)
            load(gateway)
            yield gateway


def load(gateway: Gateway) -> None:
    """Have the models loaded side by side."""
    chat = {"model": "local/chat", "messages": PROMPT, "max_tokens": 1}
    calls: list[tuple[str, dict[str, Any]]] = [
        ("v1/chat/completions", chat),
        ("v1/embeddings", {"model": "local/embed", "input": "a"}),
        ("v1/classify", {"model": "local/classify", "input": "a"}),
    ]
    with ThreadPoolExecutor() as pool:
        replies = pool.map(lambda call: gateway.request(call[0], orjson.dumps(call[1])), calls)
        assert [reply.status for reply in replies] == [200, 200, 200]


@pytest.fixture
def client(local: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=local.base_url, api_key=local.key, max_retries=0) as one:
        yield one


def workers(gateway: Gateway) -> list[psutil.Process]:
    """The processes in which the gateway runs models."""
    assert gateway.process.process is not None
    children = psutil.Process(gateway.process.process.pid).children(recursive=True)
    return [one for one in children if "jupyter_mesh.serving.worker" in one.cmdline()]


def worker_of(gateway: Gateway, model: str) -> psutil.Process:
    """The process that runs one of the models: it writes that model's log."""
    log = f"local-{model}.log"
    (found,) = [
        one for one in workers(gateway) if any(f.path.endswith(log) for f in one.open_files())
    ]
    return found


def test_a_chat_streams_the_same_tokens_as_it_answers_whole(
    local: Gateway, client: openai.OpenAI
) -> None:
    options: Any = {"model": "local/chat", "messages": PROMPT, "max_tokens": 40, "temperature": 0}
    whole = client.chat.completions.create(**options)
    chunks = list(
        client.chat.completions.create(
            stream=True, stream_options={"include_usage": True}, **options
        )
    )
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == whole.choices[0].message.content
    assert len([piece for piece in pieces if piece]) > 10
    assert whole.usage is not None
    assert chunks[-1].usage is not None
    counted = (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens)
    assert counted == (whole.usage.prompt_tokens, whole.usage.completion_tokens)
    call = local.last_call()
    assert (call["tokens"]["input"], call["tokens"]["output"]) == counted
    assert (Decimal(call["cost_usd"]), call["tokens"]["estimated"]) == (0, False)


def test_the_prompt_is_counted_by_the_models_own_tokenizer(
    tiny_chat: Path, client: openai.OpenAI
) -> None:
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(tiny_chat)
    ids = tokenizer.apply_chat_template(PROMPT, add_generation_prompt=True, return_dict=False)
    answer = client.chat.completions.create(model="local/chat", messages=PROMPT, max_tokens=5)
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (len(ids), 5)
    assert answer.choices[0].finish_reason == "length"


def test_embeddings_are_of_unit_length_and_alike_for_like_texts(client: openai.OpenAI) -> None:
    texts = ["Ada wrote to Charles", "The gateway counts every token", "Ada wrote to Charles"]
    answer = client.embeddings.create(model="local/embed", input=texts)
    vectors = [item.embedding for item in answer.data]
    assert {len(vector) for vector in vectors} == {32}
    for vector in vectors:
        assert sum(value * value for value in vector) == pytest.approx(1, abs=1e-5)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-6)
    assert vectors[0] != pytest.approx(vectors[1], abs=1e-2)


def test_classes_come_with_their_probabilities(local: Gateway) -> None:
    body = orjson.dumps({"model": "local/classify", "input": ["a good day", "a bad day"]})
    reply = local.request("v1/classify", body)
    assert reply.status == 200
    assert reply.body["labels"] == ["negative", "neutral", "positive"]
    for item in reply.body["data"]:
        assert float(sum(item["probs"])) == pytest.approx(1, abs=1e-5)
        assert item["label"] == reply.body["labels"][item["probs"].index(max(item["probs"]))]
    assert local.last_call()["operation"] == "classify"


@pytest.mark.parametrize("model", ["local/embed", "local/classify"])
def test_a_model_is_asked_only_for_what_it_was_loaded_for(
    client: openai.OpenAI, model: str
) -> None:
    with pytest.raises(openai.BadRequestError, match="does "):
        client.chat.completions.create(model=model, messages=PROMPT)


def test_a_worker_killed_in_mid_stream_costs_that_answer_only(
    local: Gateway, client: openai.OpenAI
) -> None:
    options: Any = {"model": "local/chat", "messages": PROMPT, "temperature": 0}
    stream = client.chat.completions.create(stream=True, max_tokens=200, **options)
    words = 0

    def read() -> None:
        nonlocal words
        for chunk in stream:
            words += bool(chunk.choices[0].delta.content)
            if words == 1:
                worker_of(local, "chat").kill()

    with pytest.raises(openai.APIError) as raised:
        read()
    assert words > 0
    assert "local/chat ended while it answered (SIGKILL" in raised.value.message
    call = local.last_call()
    assert (call["outcome"], call["error_code"]) == ("failed", "provider_unavailable")
    again = client.chat.completions.create(max_tokens=5, **options)
    assert again.usage is not None
    assert again.usage.completion_tokens == 5


def test_where_a_local_model_fails_the_outside_gets_no_personal_data(
    local: Gateway, client: openai.OpenAI
) -> None:
    stream = client.chat.completions.create(model="fast", messages=PLANTED, stream=True)
    text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
    assert text == local.upstream.default.text
    (received,) = local.upstream.requests
    sent = received.body.decode() + str(received.headers)
    assert EMAIL not in sent
    assert CARD not in sent
    assert "<EMAIL_ADDRESS_1>" in sent
    call = local.last_call()
    detail = local.record(call["id"])
    assert (call["outcome"], call["model"]) == ("answered", "out/m")
    assert [notice["code"] for notice in detail["notices"]] == ["redacted", "fallback", "unpriced"]
    assert "local/broken" in str(detail["attempts"])
    assert EMAIL not in str(detail)
    assert EMAIL not in local.process.log


def test_a_model_slow_to_load_answers_its_first_call(
    tiny_chat: Path, tmp_path: Path, gateway: Gateway
) -> None:
    """Its worker is held up for longer than the connection's timeout while it loads."""
    process = GatewayProcess(tmp_path)
    models = {"chat": {"path": str(tiny_chat)}}
    slow = {"provider": "huggingface", "device": "cpu", "timeout": "4s", "retries": 0}
    process.configure({"connections": {"local": {**slow, "models": models}}})
    with process, ThreadPoolExecutor() as pool:
        slow_gateway = Gateway(process, gateway.upstream)
        body = orjson.dumps({"model": "local/chat", "messages": PROMPT, "max_tokens": 1})
        reply = pool.submit(slow_gateway.request, "v1/chat/completions", body)
        while not (found := workers(slow_gateway)):
            assert not reply.done(), reply.result()
            time.sleep(0.01)
        found[0].suspend()
        time.sleep(4.5)
        assert not reply.done()
        found[0].resume()
        assert reply.result().status == 200, reply.result()


def test_where_a_local_context_is_too_short_a_larger_one_answers(
    local: Gateway, client: openai.OpenAI
) -> None:
    long: Any = {"messages": PROMPT, "max_tokens": 100_000}
    answer = client.chat.completions.create(model="roomy", **long)
    assert answer.choices[0].message.content == local.upstream.default.text
    detail = local.record(local.last_call()["id"])
    assert [attempt["code"] for attempt in detail["attempts"]] == ["context_length_exceeded"]
    assert "fallback" in [notice["code"] for notice in detail["notices"]]
    with pytest.raises(openai.BadRequestError) as alone:
        client.chat.completions.create(model="local/chat", **long)
    assert alone.value.code == "context_length_exceeded"


def test_leaving_a_stream_frees_the_worker(local: Gateway, client: openai.OpenAI) -> None:
    options: Any = {"model": "local/chat", "messages": PROMPT, "temperature": 0}
    stream = client.chat.completions.create(stream=True, max_tokens=200, **options)
    next(iter(stream))
    stream.close()
    deadline = time.monotonic() + 20
    while local.last_call()["outcome"] == "pending":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    call = local.last_call()
    assert call["outcome"] == "aborted"
    assert call["tokens"]["output"] < 200
    assert client.chat.completions.create(max_tokens=2, **options).choices


def test_no_worker_outlives_its_gateway(local: Gateway) -> None:
    """The last test of this file: it ends the gateway."""
    running = workers(local)
    assert len(running) >= 1
    local.process.kill()
    gone, alive = psutil.wait_procs(running, timeout=20)
    assert len(gone) == len(running)
    assert alive == []
