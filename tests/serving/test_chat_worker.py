"""A worker that serves a real model: its answers are those of `transformers.generate`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeAlias

import psutil
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from jupyter_mesh.errors import ContextTooLong, ProviderRejected
from jupyter_mesh.serving import Supervisor
from jupyter_mesh.spi.engine import EngineHealth, EngineSpec, ModelSpec, Task
from jupyter_mesh.spi.jobs import (
    ChatMessage,
    Delta,
    Done,
    EncodeJob,
    GenerateJob,
    Output,
    Sampling,
    Started,
)

Run: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]

CANARY = "canary-5b1f"
QUESTION = "Who counts the tokens, 東京?"


@pytest.fixture(scope="module")
def engine(
    run: Run, chat_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Supervisor]:
    model = ModelSpec(name="local/chat", task=Task.CHAT, path=str(chat_folder))
    supervisor = Supervisor(EngineSpec(model=model, state_dir=tmp_path_factory.mktemp("state")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", CANARY)
        patch.setenv("HF_TOKEN", CANARY)
        patch.setenv("HTTPS_PROXY", f"http://user:{CANARY}@127.0.0.1:9")
        run(supervisor.start())
    yield supervisor
    run(supervisor.aclose())


class Reference:
    """The same model in this process, used as its authors do."""

    def __init__(self, folder: Path) -> None:
        self.model = AutoModelForCausalLM.from_pretrained(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder)

    def prompt(self, text: str = QUESTION) -> torch.Tensor:
        messages = [{"role": "user", "content": text}]
        return self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_tensors="pt"
        )["input_ids"]

    def new_tokens(self, **options: Any) -> list[int]:
        prompt = self.prompt()
        mask = torch.ones_like(prompt)
        output = self.model.generate(prompt, attention_mask=mask, **options)
        return output[0, prompt.shape[1] :].tolist()

    def text(self, **options: Any) -> str:
        return self.tokenizer.decode(self.new_tokens(**options), skip_special_tokens=True)


@pytest.fixture(scope="module")
def reference(chat_folder: Path) -> Reference:
    return Reference(chat_folder)


def job(text: str = QUESTION, **sampling: Any) -> GenerateJob:
    messages = (ChatMessage(role="user", content=text),)
    return GenerateJob(messages=messages, sampling=Sampling(**sampling))


async def outputs(engine: Supervisor, job: GenerateJob | EncodeJob) -> list[Output]:
    async with aclosing(engine.submit(job)) as stream:
        return [output async for output in stream]


def deltas(outputs: list[Output], index: int = 0) -> list[Delta]:
    return [one for one in outputs if isinstance(one, Delta) and one.index == index]


def text_of(outputs: list[Output], index: int = 0) -> str:
    return "".join(delta.text for delta in deltas(outputs, index))


def test_streamed_text_is_that_of_greedy_generate(
    engine: Supervisor, run: Run, reference: Reference
) -> None:
    got = run(outputs(engine, job(max_tokens=60, temperature=0)))
    expected = reference.text(max_new_tokens=60, do_sample=False)
    assert text_of(got).rstrip("\ufffd") == expected.rstrip("\ufffd")
    assert len(deltas(got)) > 10, "it must come in pieces"
    assert [delta.finish for delta in deltas(got)][-1] == "length"


def test_usage_is_counted_by_the_models_own_tokenizer(
    engine: Supervisor, run: Run, reference: Reference
) -> None:
    got = run(outputs(engine, job(max_tokens=7)))
    prompt = reference.prompt().shape[1]
    assert got[0] == Started(input_tokens=prompt)
    assert got[-1] == Done(input_tokens=prompt, output_tokens=7)
    assert sum(delta.tokens for delta in deltas(got)) == 7


@pytest.mark.parametrize("end", ["</s>", "<|im_end|>"])
def test_each_end_token_ends_the_answer_with_stop(
    engine: Supervisor, run: Run, reference: Reference, end: str
) -> None:
    token = reference.tokenizer.convert_tokens_to_ids(end)
    got = run(outputs(engine, job(max_tokens=20, temperature=0, logit_bias={token: 100.0})))
    assert (text_of(got), deltas(got)[-1].finish) == ("", "stop")
    assert got[-1] == Done(input_tokens=reference.prompt().shape[1], output_tokens=1)


def test_a_stop_string_ends_the_answer_before_it_and_the_work_after_it(
    engine: Supervisor, run: Run, reference: Reference
) -> None:
    whole = reference.text(max_new_tokens=60, do_sample=False)
    stop = whole[20:26]  # wherever tokens begin
    got = run(outputs(engine, job(max_tokens=60, temperature=0, stop=("never", stop))))
    assert text_of(got) == whole[: whole.index(stop)]
    assert deltas(got)[-1].finish == "stop"
    assert got[-1].output_tokens < 60


def test_a_seed_repeats_and_another_does_not(engine: Supervisor, run: Run) -> None:
    def sampled(**options: Any) -> str:
        return text_of(run(outputs(engine, job(max_tokens=30, temperature=1.5, **options))))

    assert sampled(seed=7) == sampled(seed=7)
    assert sampled(seed=7) != sampled(seed=8)
    assert sampled() != sampled(), "an earlier seed must not leak into later requests"


def test_sampling_options_are_those_of_generate(
    engine: Supervisor, run: Run, reference: Reference
) -> None:
    options = {"temperature": 0.8, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.3}
    got = run(outputs(engine, job(max_tokens=40, seed=11, **options)))
    torch.manual_seed(11)
    expected = reference.text(max_new_tokens=40, do_sample=True, **options)
    assert text_of(got).rstrip("\ufffd") == expected.rstrip("\ufffd")


@pytest.mark.parametrize(("frequency", "presence"), [(1.5, 0.0), (0.0, 2.0), (-2.0, 0.5)])
def test_penalties_are_taken_as_openai_defines_them(
    engine: Supervisor, run: Run, reference: Reference, frequency: float, presence: float
) -> None:
    prompt = reference.prompt()
    answer: list[int] = []
    for _ in range(25):
        with torch.no_grad():
            ids = torch.cat([prompt, torch.tensor([answer], dtype=torch.long)], dim=1)
            logits = reference.model(ids).logits[0, -1].clone()
        for token in set(answer):
            logits[token] -= answer.count(token) * frequency + presence
        answer.append(int(logits.argmax()))
    wish = {"frequency_penalty": frequency, "presence_penalty": presence}
    got = run(outputs(engine, job(max_tokens=25, temperature=0, **wish)))
    expected = reference.tokenizer.decode(answer, skip_special_tokens=True)
    assert text_of(got).rstrip("\ufffd") == expected.rstrip("\ufffd")
    assert expected != reference.text(max_new_tokens=25, do_sample=False)


def test_several_answers_differ_and_are_counted_together(engine: Supervisor, run: Run) -> None:
    got = run(outputs(engine, job(max_tokens=10, n=3, seed=1)))
    texts = {text_of(got, index) for index in range(3)}
    assert len(texts) == 3
    assert all(deltas(got, index)[-1].finish == "length" for index in range(3))
    assert got[-1].output_tokens == 30


def test_logprobs_are_the_models_own_whatever_the_temperature(
    engine: Supervisor, run: Run, reference: Reference
) -> None:
    wish = {"max_tokens": 8, "logprobs": 3, "temperature": 0.7, "seed": 5}
    got = run(outputs(engine, job(**wish, repetition_penalty=1.2)))
    entries = [entry for delta in deltas(got) for entry in delta.logprobs]
    with torch.inference_mode():
        logits = reference.model(reference.prompt()).logits[0, -1]
    expected = torch.log_softmax(logits, dim=-1)
    best = torch.topk(expected, 3)
    assert [value for _, value in entries[0].top] == pytest.approx(best.values.tolist(), abs=1e-4)
    assert [token for token, _ in entries[0].top] == [
        reference.tokenizer.decode([token]) for token in best.indices.tolist()
    ]
    assert all(entry.logprob <= entry.top[0][1] for entry in entries)


def test_requests_at_the_same_time_do_not_mix(
    engine: Supervisor, run: Run, reference: Reference
) -> None:
    async def together() -> list[list[Output]]:
        return await asyncio.gather(
            *(outputs(engine, job(f"Question {n}", max_tokens=20, temperature=0)) for n in range(6))
        )

    for n, got in enumerate(run(together())):
        (alone,) = [run(outputs(engine, job(f"Question {n}", max_tokens=20, temperature=0)))]
        assert got == alone


def long(text: str = QUESTION) -> GenerateJob:
    """Long enough that it still runs when something else happens: 16 answers of 200 tokens."""
    return job(text, max_tokens=200, n=16, seed=1, logit_bias={2: -100.0, 4: -100.0})


async def until(engine: Supervisor, holds: Callable[[EngineHealth], bool]) -> EngineHealth:
    """The first health for which `holds`."""
    async with asyncio.timeout(60):
        while not holds(health := await engine.health()):  # each look is a round trip
            pass
    return health


async def first_delta(stream: AsyncGenerator[Output, None]) -> None:
    async for output in stream:
        if isinstance(output, Delta):
            return


def test_closing_the_stream_stops_the_work(engine: Supervisor, run: Run) -> None:
    async def scenario() -> tuple[int, int, int]:
        before = (await engine.health()).produced
        stream = engine.submit(long())
        await first_delta(stream)
        await stream.aclose()
        stopped = await until(engine, lambda health: health.running == 0)
        await asyncio.sleep(0.2)
        return before, stopped.produced, (await engine.health()).produced

    before, stopped, later = run(scenario())
    assert 0 < stopped - before < 16 * 200
    assert later == stopped


def test_requests_wait_in_line_and_a_cancelled_one_leaves_it(engine: Supervisor, run: Run) -> None:
    async def scenario() -> tuple[list[str], int]:
        finished: list[str] = []
        before = (await engine.health()).produced

        async def ask(name: str, job: GenerateJob) -> None:
            await outputs(engine, job)
            finished.append(name)

        tasks = [asyncio.create_task(ask("first", long()))]
        await until(engine, lambda health: health.running == 1)
        for name in ("second", "given up", "third"):
            tasks.append(asyncio.create_task(ask(name, job(name, max_tokens=2))))
            await asyncio.sleep(0)
        health = await until(engine, lambda health: health.waiting == 3)
        assert health.running == 1
        tasks[2].cancel()
        await asyncio.wait(tasks)
        return finished, (await engine.health()).produced - before

    written = 16 * 200 + 2 + 2  # and nothing for the one that was given up
    assert run(scenario()) == (["first", "second", "third"], written)


@pytest.mark.parametrize(
    ("request_", "field", "words"),
    [
        (job("x " * 400), "messages", "shorten it"),
        (job(max_tokens=250), "max_tokens", "ask for at most"),
    ],
)
def test_what_does_not_fit_the_context_is_refused(
    engine: Supervisor, run: Run, request_: GenerateJob, field: str, words: str
) -> None:
    with pytest.raises(ContextTooLong, match=words) as caught:
        run(outputs(engine, request_))
    assert caught.value.param == field


def test_without_a_limit_the_answer_fills_the_context(
    engine: Supervisor, run: Run, reference: Reference
) -> None:
    got = run(outputs(engine, job(logit_bias={2: -100.0, 4: -100.0})))
    assert got[-1].input_tokens + got[-1].output_tokens == 256


def test_a_token_that_does_not_exist_cannot_be_biased(engine: Supervisor, run: Run) -> None:
    with pytest.raises(ProviderRejected) as caught:
        run(outputs(engine, job(logit_bias={500_000: 1.0})))
    assert (caught.value.status, caught.value.param) == (400, "logit_bias")


def test_a_job_of_another_task_is_refused(engine: Supervisor, run: Run) -> None:
    with pytest.raises(ProviderRejected, match="messages"):
        run(outputs(engine, EncodeJob(texts=("a",))))


def test_the_worker_sees_no_secret(engine: Supervisor, run: Run) -> None:
    health = run(engine.health())
    worker = psutil.Process(health.pid)
    assert CANARY not in Path(f"/proc/{health.pid}/environ").read_text()
    assert CANARY not in " ".join(worker.cmdline())
    assert "HTTPS_PROXY" not in worker.environ()
    assert worker.environ()["HF_HUB_OFFLINE"] == "1"


def test_the_worker_is_cut_off_from_every_network(engine: Supervisor, run: Run) -> None:
    if sys.platform != "linux" or cut_off_in_a_trial() is not None:
        pytest.skip("this system does not let a process leave its networks")
    theirs = os.readlink(f"/proc/{run(engine.health()).pid}/ns/net")
    assert theirs != os.readlink("/proc/self/ns/net")


def cut_off_in_a_trial() -> str | None:
    """Whether another process can do it; this one wants to keep its network."""
    words = "from jupyter_mesh.isolation.seclusion import *; print(cut_off_network() or '', end='')"
    trial = subprocess.run([sys.executable, "-c", words], capture_output=True, check=True)
    return trial.stdout.decode() or None


def test_the_socket_is_gone_once_the_worker_has_come(engine: Supervisor, run: Run) -> None:
    worker = psutil.Process(run(engine.health()).pid)
    (address,) = [word for word in worker.cmdline() if word.startswith("--socket=unix:")]
    assert not Path(address.removeprefix("--socket=unix:")).exists()
