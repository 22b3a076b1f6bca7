"""A worker that screens and dies, hangs or answers garbage closes the call, and is told (S13)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_mesh.errors import ScreeningUnavailable
from jupyter_mesh.guards import workers
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.request import Request
from jupyter_mesh.spi import GUARD_GROUP
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, ROOT, ask, chat, connection, embedding, mesh_of

SECRET = "ada@example.com"
FAULTS = ["killed", "crash", "hang", "stop", "regex", "grow", "garbage", "endless", "raise", "nan"]
MODELS = {"m": {}, "e": {"operations": ["embedding"]}}


def requests(text: str) -> list[Request]:
    """The text as every kind of request, alone and as one message of many."""
    fine = {"role": "user", "content": "fine"}
    many = [fine, {"role": "user", "content": text}, fine]
    return [
        chat(text),
        chat(text, stream=True),
        chat(text, stream=True, n=2),
        chat().with_body(messages=many),  # pyright: ignore[reportArgumentType]
        embedding(["fine", text, "fine"]),
    ]


@asynccontextmanager
async def screened(
    folder: Path, upstream: FakeOpenAI, install: Callable[..., None]
) -> AsyncIterator[Mesh]:
    install(GUARD_GROUP, in_workers="tests.mesh.faulty_guard:InWorkers")
    guards = {"faulty": {"guard": "in_workers"}}
    screening = [{"for": {"residency": "external"}, "detectors": ["faulty"]}]
    few = {"processes": 1, "memory_mb": 512}
    connections = {"up": connection(upstream, models=MODELS, residency="external")}
    async with mesh_of(
        folder, connections, guards=guards, screening=screening, workers=few
    ) as mesh:
        yield mesh


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_worker_that_fails_lets_nothing_out_and_is_told(
    fault: str,
    tmp_path: Path,
    upstream: FakeOpenAI,
    install: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(workers, "SCAN_SECONDS", 1.0)
    monkeypatch.setattr(workers, "LONGEST_PAUSE", 0.0)
    async with screened(tmp_path, upstream, install) as mesh:
        for request in requests(f"{fault} {SECRET}"):
            outcome = await ask(mesh, request)
            assert isinstance(outcome.error, ScreeningUnavailable)
            assert outcome.events == []
            named = "A process that screens texts failed" in outcome.error.message
            assert named, "the source of the guard is not to blame"
            kept = await mesh.call_detail(ADA, outcome.call.id)
            assert kept.summary.outcome == "refused"
            everything = kept.model_dump_json() + str(outcome.error) + repr(outcome.error)
            assert SECRET not in everything
        assert upstream.requests == []
        assert (await ask(mesh, chat("fine"))).error is None
        await mesh._parts.alerts.flush()
        told = (await mesh.alerts.page(state="open")).model_dump_json()
        assert "A process that screens texts" in told
        assert SECRET not in told + caplog.text + "".join(capfd.readouterr())
        assert SECRET not in (await mesh.calls(ROOT)).model_dump_json()


async def test_a_mesh_starts_no_worker_before_a_text_needs_one(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream, residency="external")}) as mesh:
        assert (await ask(mesh, chat("Mail ada@example.com"))).notices == ["redacted"]
        assert mesh._parts.workers.pids == []
        assert (await ask(mesh, chat("Mail ada@example.com. " * 1_000))).notices == ["redacted"]
        assert len(mesh._parts.workers.pids) == 1
