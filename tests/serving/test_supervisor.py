"""The life of a worker: crashes, refusals, time-outs, idleness, and the death of its gateway."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeAlias

import psutil
import pytest

from jupyter_mesh.errors import ConfigError, MeshError, ProviderTimeout, ProviderUnavailable
from jupyter_mesh.serving import Supervisor
from jupyter_mesh.spi.engine import EngineSpec, ModelSpec, Task
from jupyter_mesh.spi.jobs import (
    ChatMessage,
    Delta,
    Done,
    EncodeJob,
    GenerateJob,
    Label,
    Output,
    Sampling,
)

Run: TypeAlias = Callable[[Coroutine[Any, Any, Any]], Any]

LONG = GenerateJob(
    messages=(ChatMessage(role="user", content="Go on"),),
    sampling=Sampling(max_tokens=200, n=16, seed=1, logit_bias={2: -100.0, 4: -100.0}),
)
SHORT = GenerateJob(
    messages=(ChatMessage(role="user", content="Hi"),), sampling=Sampling(max_tokens=2)
)


def engine(folder: Path, state: Path, task: Task = Task.CHAT, **life: Any) -> Supervisor:
    model = ModelSpec(name="local/model", task=task, path=str(folder))
    return Supervisor(EngineSpec(model=model, state_dir=state, **life))


async def outputs(engine: Supervisor, job: GenerateJob | EncodeJob) -> list[Output]:
    async with aclosing(engine.submit(job)) as stream:
        return [output async for output in stream]


def test_a_worker_killed_in_mid_stream_costs_that_call_and_the_next_one_works(
    run: Run, chat_folder: Path, tmp_path: Path
) -> None:
    async def scenario() -> None:
        supervisor = engine(chat_folder, tmp_path)
        waiting = asyncio.create_task(outputs(supervisor, LONG))
        async with aclosing(supervisor.submit(LONG)) as stream:
            async for output in stream:
                if isinstance(output, Delta):
                    break
            pid = (await supervisor.health()).pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(ProviderUnavailable, match=r"local/model ended .*SIGKILL"):
                async for _ in stream:
                    pass
        with pytest.raises(ProviderUnavailable):
            await waiting
        assert (await supervisor.health()).state == "failed"

        assert isinstance((await outputs(supervisor, SHORT))[-1], Done)
        health = await supervisor.health()
        assert (health.state, health.produced) == ("ready", 2)
        assert health.pid not in (None, pid)
        await supervisor.aclose()
        assert not psutil.pid_exists(health.pid)
        with pytest.raises(ProviderUnavailable, match="shutting down"):
            await outputs(supervisor, SHORT)

    run(scenario())


@pytest.fixture
def booby_trapped(chat_folder: Path, tmp_path: Path) -> Path:
    """A model whose `auto_map` names code that leaves a mark when it runs."""
    folder = tmp_path / "trapped"
    folder.mkdir()
    for path in chat_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    config = json.loads((folder / "config.json").read_bytes())
    config["auto_map"] = {"AutoConfig": "trap.Trap", "AutoModelForCausalLM": "trap.Trap"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\n")
    return folder


def test_a_model_with_code_is_refused_before_any_of_it_runs(
    run: Run, booby_trapped: Path, tmp_path: Path
) -> None:
    async def scenario() -> list[MeshError]:
        supervisor = engine(booby_trapped, tmp_path / "state")
        errors: list[MeshError] = []
        for _ in range(3):
            try:
                await supervisor.start()
            except MeshError as error:
                errors.append(error)
        await supervisor.aclose()
        return errors

    first, second, third = run(scenario())
    assert not (tmp_path / "sprung").exists()
    assert isinstance(first, ConfigError)
    assert "trust_remote_code" in first.message
    assert second.message == first.message
    # After failures in a row a start has to wait, and says how long.
    assert isinstance(third, ConfigError)
    assert third.retry_after is not None
    assert third.retry_after <= 1


def test_a_broken_file_is_reported_with_the_last_line_of_the_log(
    run: Run, chat_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    for path in chat_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "model.safetensors").write_bytes(b"\xff" * 4096)

    async def scenario() -> None:
        supervisor = engine(folder, tmp_path / "state")
        with pytest.raises(ProviderUnavailable, match=r"exit status 1.*SafetensorError"):
            await supervisor.start()
        await supervisor.aclose()

    run(scenario())


def test_a_start_that_takes_too_long_is_ended(run: Run, chat_folder: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        supervisor = engine(chat_folder, tmp_path, startup_timeout=0.3)
        with pytest.raises(ProviderTimeout, match=r"not ready after 0\.3 s.*startup_timeout"):
            await supervisor.start()
        await supervisor.aclose()

    before = set(psutil.Process().children(recursive=True))
    run(scenario())
    assert set(psutil.Process().children(recursive=True)) <= before


def test_without_unix_sockets_a_port_serves_and_an_idle_worker_is_unloaded(
    run: Run, classifier_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mesh.serving.listener.HAS_UNIX_SOCKETS", False)
    job = EncodeJob(texts=("good", "bad", "so so"))

    async def scenario() -> None:
        supervisor = engine(classifier_folder, tmp_path, Task.CLASSIFY, idle_unload=0.5)
        assert (await supervisor.health()).state == "stopped"
        got = await outputs(supervisor, job)
        assert sorted(one.index for one in got if isinstance(one, Label)) == [0, 1, 2]
        pid = (await supervisor.health()).pid
        assert pid is not None
        assert any("--socket=tcp:127.0.0.1:" in word for word in psutil.Process(pid).cmdline())
        await asyncio.to_thread(psutil.Process(pid).wait, 20)
        assert (await supervisor.health()).state == "stopped"
        assert supervisor.info is not None, "what is known stays known"
        await supervisor.aclose()

    run(scenario())


GATEWAY = """
import asyncio, sys
from pathlib import Path
from jupyter_mesh.serving import Supervisor
from jupyter_mesh.spi.engine import EngineSpec, ModelSpec, Task

async def main():
    model = ModelSpec(name="local/model", task=Task.CLASSIFY, path=sys.argv[1])
    supervisor = Supervisor(EngineSpec(model=model, state_dir=Path(sys.argv[2])))
    await supervisor.start()
    print((await supervisor.health()).pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the connection tells it")
def test_a_worker_dies_with_its_gateway_even_when_it_hangs(
    classifier_folder: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", GATEWAY, str(classifier_folder), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as gateway:
        assert gateway.stdout is not None
        worker = psutil.Process(int(gateway.stdout.readline()))
        worker.suspend()  # so that it cannot notice anything itself
        gateway.kill()
    try:
        worker.wait(timeout=20)
    finally:
        if worker.is_running():
            worker.kill()
