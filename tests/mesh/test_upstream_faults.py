"""T36: whatever an upstream does, the caller gets one clear end and the record agrees with it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import ProviderError
from jupyter_mesh.schemas.events import Chunk, Finished
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI, Fault
from jupyter_mesh.testing.fake_upstream import FakeUpstream

from .vendors import Vendor, vendor
from .world import ADA, Outcome, ask, chat, connection, mesh_of

__all__ = ["vendor"]  # a fixture

BUDGET = [{"limit_usd": 1, "window": "total"}]
IMPATIENT = {"timeout": 0.3, "idle_timeout": 0.3}


@dataclass
class Expected:
    """What becomes of a fault.

    Attributes:
        code: Of the error; None: an answer.
        tries: How often the upstream is asked, with one retry allowed.
        begun: Whether text had come before.
        charged: Whether the upstream may have done the work although nothing came of it.
    """

    code: str | None
    status: int = 502
    tries: int = 2
    begun: bool = False
    charged: bool = False


WHOLE: dict[Fault, Expected] = {
    "rate_limited": Expected("provider_rate_limited", 429),
    "server_error": Expected("provider_unavailable"),
    "html_error": Expected("provider_unavailable"),
    "error_in_200": Expected("provider_unavailable"),
    "wrong_type": Expected("provider_protocol_error", tries=1, charged=True),
    "invalid_json": Expected("provider_protocol_error", tries=1, charged=True),
    "cut": Expected("provider_protocol_error", tries=1, charged=True),
    "reset_before": Expected("provider_unavailable"),
    "reset_after": Expected("provider_protocol_error", tries=1, charged=True),
    "gzip_bomb": Expected("provider_protocol_error", tries=1, charged=True),
    "rejected": Expected("provider_rejected", 400, tries=1),
    "stall": Expected("provider_timeout", 504, tries=1, charged=True),
    "stall_middle": Expected("provider_timeout", 504, tries=1, charged=True),
}
STREAMED: dict[Fault, Expected] = {
    **{fault: WHOLE[fault] for fault in WHOLE if fault not in ("invalid_json", "cut")},
    "invalid_json": Expected("provider_protocol_error", tries=1, begun=True),
    "cut": Expected("provider_protocol_error", tries=1, begun=True),
    "reset_after": Expected("provider_protocol_error", tries=1, begun=True),
    "stall_middle": Expected("provider_timeout", 504, tries=1, begun=True),
    "error_event": Expected("provider_unavailable", tries=1, begun=True),
    "huge": Expected("provider_protocol_error", tries=1, begun=True),
    "only_comments": Expected("provider_timeout", 504, tries=1, charged=True),
    "no_done": Expected(None, tries=1),
    "comments": Expected(None, tries=1),
}
CASES = [
    *(pytest.param(False, fault, WHOLE[fault], id=f"whole-{fault}") for fault in WHOLE),
    *(pytest.param(True, fault, STREAMED[fault], id=f"streamed-{fault}") for fault in STREAMED),
]


@pytest.mark.parametrize(("stream", "fault", "expected"), CASES)
async def test_every_fault_has_one_clear_end(
    tmp_path: Path, vendor: Vendor, stream: bool, fault: Fault, expected: Expected
) -> None:
    with vendor.fake() as upstream:
        await check_a_fault(tmp_path, vendor, upstream, stream, fault, expected)


async def check_a_fault(
    folder: Path,
    vendor: Vendor,
    upstream: FakeUpstream,
    stream: bool,
    fault: Fault,
    expected: Expected,
) -> None:
    size = 17 if fault == "huge" else 2
    text = "one two three four five six"
    upstream.default = Behaviour(fault=fault, text=text, huge_bytes=size * 1024 * 1024)
    patience = IMPATIENT if expected.status == 504 else {}
    # Far from the limit, so that what is asked for whole comes whole.
    asked = vendor.connection(upstream, retries=1, **patience)
    model = f"up/{vendor.model}"
    async with mesh_of(folder, {"up": asked}, budgets=BUDGET) as mesh:
        outcome = await ask(mesh, chat(model=model, stream=stream))
        check_the_end(outcome, expected)
        assert len(upstream.requests) == expected.tries
        for received in upstream.requests:
            await upstream.wait_for(received)
        (call,) = (await mesh.calls(ADA)).calls
        assert call.outcome == ("answered" if expected.code is None else "failed")
        assert call.error_code == expected.code
        charged = expected.begun or expected.charged
        assert ((call.cost_usd or Decimal(0)) > 0) == (charged or expected.code is None)
        if expected.code is not None:
            assert call.tokens.estimated == charged
        (status,) = await mesh.budgets(ADA)
        assert (status.spent_usd, status.held_usd) == (call.cost_usd, 0)
        # The connection serves the next caller.
        upstream.default = Behaviour()
        after = await ask(mesh, chat("again", model=model, stream=stream))
        assert after.text == Behaviour().text


def check_the_end(outcome: Outcome, expected: Expected) -> None:
    finished = [event for event in outcome.events if isinstance(event, Finished)]
    if expected.code is None:
        assert outcome.error is None
        assert outcome.text == "one two three four five six"
        assert len(finished) == 1
        return
    assert isinstance(outcome.error, ProviderError)
    assert (outcome.error.code, outcome.error.status) == (expected.code, expected.status)
    assert finished == []
    assert bool(outcome.text) == expected.begun
    assert "one two three four five six".startswith(outcome.text)
    assert "<html" not in outcome.error.message


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", ["server_error", "reset_before", "rate_limited", "error_in_200"])
async def test_a_fault_that_passes_is_not_noticed(
    tmp_path: Path, upstream: FakeOpenAI, fault: Fault, stream: bool
) -> None:
    upstream.script(Behaviour(fault=fault), Behaviour(fault=fault))
    patient = connection(upstream, retries=2)
    async with mesh_of(tmp_path, {"up": patient}, budgets=BUDGET) as mesh:
        outcome = await ask(mesh, chat(stream=stream))
        assert outcome.text == Behaviour().text, "no token twice"
        assert outcome.notices == []
        detail = await mesh.call_detail(ADA, outcome.call.id)
        assert len(detail.attempts) == 2
        (status,) = await mesh.budgets(ADA)
        assert status.spent_usd == detail.summary.cost_usd
        assert status.held_usd == 0


async def test_duplicated_chunks_are_the_upstreams_own_words_and_pass(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    """Nobody can tell a chunk sent twice from a model that repeats itself; usage is what counts."""
    upstream.default = Behaviour(fault="duplicate", text="one two")
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        outcome = await ask(mesh, chat(stream=True))
    assert outcome.text == "one one twotwo"
    assert outcome.call.report.usage is not None
    assert outcome.call.report.usage.output == 2


async def test_a_retry_after_beyond_patience_is_passed_on(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.default = Behaviour(fault="rate_limited", retry_after="77")
    async with mesh_of(tmp_path, {"up": connection(upstream, retries=2)}) as mesh:
        outcome = await ask(mesh, chat())
    assert isinstance(outcome.error, ProviderError)
    assert outcome.error.retry_after == 77
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("size", [1, 7])
async def test_an_answer_in_tiny_writes_is_the_same_answer(
    tmp_path: Path, upstream: FakeOpenAI, size: int
) -> None:
    text = "naïve 東京 🚀 **bold**"
    upstream.default = Behaviour(text=text, write_bytes=size)
    cache = {"exact": {"enabled": False}}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, cache=cache) as mesh:
        for stream in (False, True):
            outcome = await ask(mesh, chat(stream=stream))
            assert outcome.text == text
            if stream:
                assert sum(isinstance(event, Chunk) for event in outcome.events) > 3
