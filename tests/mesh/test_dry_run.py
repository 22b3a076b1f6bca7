"""What a dry run says a call may cost at most: what a limit of cost is held by."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jupyter_mesh.client.affordable import within
from jupyter_mesh.client.api import Api
from jupyter_mesh.client.call import ChatCall
from jupyter_mesh.client.errors import MeshClientError
from jupyter_mesh.kernel.cell import Cell
from jupyter_mesh.kernel.dry_run import dry_run_text
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.api import DryRun
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, ask, chat, connection, mesh_of

MODELS: dict[str, object] = {
    "known": {"price": {"input": 1, "output": 10}, "max_output": 100_000},
    "unknown": {"price": {"input": 1, "output": 10}},
    "small": {"price": {"input": 1, "output": 10}, "context_window": 1000},
    "dear": {"price": {"input": 2, "output": 5}, "max_output": 100_000},
    "speaks": {"price": {"input": 1, "output": 10, "output_audio": 100}, "max_output": 100_000},
    "unpriced": {},
}
ALIASES = {"either": {"models": ["up/known", "up/dear"]}}


@pytest.mark.parametrize(
    ("model", "fields", "tokens", "most"),
    [
        ("up/known", {}, 100_000, "1.000"),
        ("up/known", {"max_tokens": 50}, 50, "0.0005"),
        ("up/known", {"max_tokens": 200_000}, 100_000, "1.000"),
        ("up/known", {"max_tokens": 50, "n": 3}, 150, "0.0015"),
        ("up/known", {"max_tokens": 50, "max_completion_tokens": 1}, 50, "0.0005"),
        ("up/unknown", {}, 2048, "0.02048"),
        ("up/unknown", {"max_tokens": 50_000}, 50_000, "0.5"),
        ("up/small", {}, 1000, "0.01"),
        ("either", {}, 100_000, "1.000"),
        ("up/speaks", {}, 100_000, "1.000"),
        ("up/speaks", {"modalities": ["text", "audio"]}, 100_000, "10.000"),
        ("up/unpriced", {"max_tokens": 50}, 50, None),
    ],
)
async def test_the_most_a_call_costs_is_all_it_may_write(
    tmp_path: Path,
    upstream: FakeOpenAI,
    model: str,
    fields: dict[str, object],
    tokens: int,
    most: str | None,
) -> None:
    connections = {"up": connection(upstream, models=MODELS)}
    async with mesh_of(tmp_path, connections, aliases=ALIASES) as mesh:
        run = await mesh.dry_run(mesh.call(ADA, chat("Hi", model, **fields)))  # pyright: ignore[reportArgumentType]
    assert run.max_output_tokens == tokens
    if most is None:
        assert (run.max_cost_usd, run.max_input_cost_usd) == (None, None)
        return
    assert run.max_cost_usd is not None
    assert run.max_input_cost_usd is not None
    assert 0 < run.max_input_cost_usd < Decimal("0.0001")
    assert run.max_cost_usd == pytest.approx(Decimal(most), abs=Decimal("0.00005"))


async def test_what_costs_nothing_is_said_to_cost_0(tmp_path: Path, upstream: FakeOpenAI) -> None:
    models: dict[str, object] = {
        "free": {"price": {"input": 0, "output": 0}},
        "round": {"price": {"input": 0, "output": 0, "per_request": 100}},
    }
    async with mesh_of(tmp_path, {"up": connection(upstream, models=models)}) as mesh:
        for model, cost in (("up/free", "0"), ("up/round", "100")):
            run = await mesh.dry_run(mesh.call(ADA, chat("Hi", model)))
            said = run.model_dump(mode="json")
            assert [said[name] for name in ("estimated_cost_usd", "max_cost_usd")] == [cost, cost]
            assert said["max_input_cost_usd"] == cost


def api_of(mesh: Mesh) -> Api:
    async def dry_run(call: ChatCall) -> DryRun:
        return await mesh.dry_run(mesh.call(ADA, chat_of(call)))

    return cast(Api, SimpleNamespace(dry_run=dry_run))


def chat_of(call: ChatCall) -> object:
    return chat("write a book", call.model, **call.parameters)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("model", "limit", "fields"),
    [
        ("up/known", "0.03", {}),
        ("up/known", "0.03", {"n": 7}),
        ("up/known", "100", {}),
        ("up/unknown", "0.03", {}),
        ("up/unknown", "0.01", {}),
        ("either", "0.03", {}),
        ("up/speaks", "0.03", {"modalities": ["text", "audio"]}),
        ("up/known", "0.03", {"max_completion_tokens": 90_000}),
        ("up/known", "0.03", {"max_tokens": 5}),
    ],
)
async def test_a_call_within_a_limit_of_cost_cannot_cost_more(
    tmp_path: Path, upstream: FakeOpenAI, model: str, limit: str, fields: dict[str, object]
) -> None:
    connections = {"up": connection(upstream, models=MODELS)}
    async with mesh_of(tmp_path, connections, aliases=ALIASES) as mesh:
        wanted = ChatCall(model=model, messages=(), parameters=fields)  # pyright: ignore[reportArgumentType]
        call = await within(api_of(mesh), wanted, Decimal(limit))
        assert call.max_tokens is not None, "nothing goes out without a bound"
        again = await api_of(mesh).dry_run(call)
        assert again.max_cost_usd is not None
        assert again.max_cost_usd <= Decimal(limit)
        if limit == "0.03" and "max_tokens" not in fields and model != "up/unknown":
            assert again.max_cost_usd > Decimal("0.029"), "and no less than it may"
        assert (await ask(mesh, chat_of(call))).error is None  # pyright: ignore[reportArgumentType]
        (sent,) = [request.json for request in upstream.requests]
        assert sent.get("max_completion_tokens", sent.get("max_tokens")) == call.max_tokens


async def test_a_limit_that_the_prompt_alone_breaks_refuses(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    connections = {"up": connection(upstream, models=MODELS)}
    async with mesh_of(tmp_path, connections) as mesh:
        for model, limit in (("up/known", "0.00002"), ("up/unpriced", "1")):
            with pytest.raises(MeshClientError) as failure:
                await within(api_of(mesh), ChatCall(model=model, messages=()), Decimal(limit))
            assert failure.value.code == "too_expensive"


@pytest.mark.parametrize(
    ("model", "text", "first", "said"),
    [
        ("out/m", "clean", "To out/m:", "Found: nothing"),
        ("in/m", "clean", "To in/m:", "Not looked through: no rule holds for in/m"),
        ("in/m", "ada@example.org", "To in/m:", "Not looked through: no rule holds for in/m"),
        ("judged/m", "clean", "To judged/m:", "Found: nothing"),
        ("out/m", "ada@example.org", "Would be refused, and not sent to out/m:", "Found:"),
    ],
)
async def test_it_tells_a_clean_text_from_one_that_no_rule_looks_through(
    tmp_path: Path, model: str, text: str, first: str, said: str
) -> None:
    async with FakeOpenAI() as upstream:
        connections = {
            name: connection(upstream, residency=residency)
            for name, residency in (("out", "external"), ("in", "local"), ("judged", "local"))
        }
        policy: dict[str, Any] = {
            "screening": [{"for": {"residency": "external"}, "entities": {"*": "block"}}],
            "guards": {"words": {"guard": "deny_list", "terms": ["project falcon"]}},
            "moderation": [
                {"guard": "words", "for": {"direction": "request", "connection": "judged"}}
            ],
        }
        async with mesh_of(tmp_path, connections, **policy) as mesh:
            run = await mesh.dry_run(mesh.call(ADA, chat(text, model)))
        lines = dry_run_text(cast(Cell, SimpleNamespace(notices=())), [run]).splitlines()
        assert lines[0] == first
        assert said in lines
        assert not upstream.requests
