"""Kernel, gateway and upstream over their own sockets: all of it is real but the model."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from jupyter_mesh.client import Mesh, MeshClientError, connect
from jupyter_mesh.client.loop import background
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.gateway_process import GatewayProcess
from tests.kernel.real_kernel import RealKernel

PRICED = {"price": {"input": 1, "output": 2}, "context_window": 8192}


@pytest.fixture(scope="module")
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(models=("small", "large")) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(
    upstream: FakeOpenAI, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(tmp_path_factory.mktemp("gateway"))
    gateway.configure(
        {
            "connections": {
                "echo": {"provider": "echo"},
                "campus": {
                    "provider": "openai_compatible",
                    "base_url": upstream.base_url,
                    "residency": "region",
                    "models": {"small": PRICED, "large": PRICED},
                },
            },
            "aliases": {"fast": {"models": ["campus/small", "campus/large"]}},
            "screening": [
                {
                    "for": {"connection": "campus"},
                    "detectors": ["standard"],
                    "entities": {"EMAIL_ADDRESS": "redact", "CREDIT_CARD": "block"},
                }
            ],
            "cache": {"exact": {"enabled": False}},
        }
    )
    with gateway:
        yield gateway


@pytest.fixture(scope="module")
def kernel(
    gateway: GatewayProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealKernel]:
    environ = {**os.environ, "JUPYTER_MESH_URL": gateway.url, "JUPYTER_MESH_TOKEN": gateway.key}
    kernel = RealKernel(tmp_path_factory.mktemp("ipython") / "own", environ)
    yield kernel
    kernel.stop()


@pytest.fixture
def mesh(gateway: GatewayProcess) -> Iterator[Mesh]:
    with connect(gateway.url, gateway.key) as mesh:
        yield mesh


def recorded(mesh: Mesh, document: str) -> list[Any]:
    """What the gateway recorded of a notebook, oldest first, once all of it has ended."""
    while True:
        calls = background.run(mesh.async_.api.calls(document)).calls[::-1]
        if all(call.outcome != "pending" for call in calls):
            return calls


def test_what_a_cell_shows_is_what_the_gateway_recorded_and_the_upstream_reported(
    kernel: RealKernel, mesh: Mesh, upstream: FakeOpenAI
) -> None:
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    upstream.script(Behaviour(text="One two three.", usage=usage))
    kernel.announce(document="books/ä b.ipynb", purpose="50% off", renderer=1)
    shown = kernel.run("%%llm fast -o a --tag team=a\nCount").answers[-1]
    (call,) = recorded(mesh, "books/ä b.ipynb")
    assert (shown["text"], shown["model"], shown["state"]) == (
        "One two three.", "campus/small", "done",
    )  # fmt: skip
    assert (shown["usage"]["input"], shown["usage"]["output"]) == (11, 7)
    assert Decimal(shown["cost_usd"]) == call.cost_usd == Decimal("0.000025")
    assert (call.id, call.model, call.purpose) == (shown["request_id"], "campus/small", "50% off")
    assert call.timing is not None
    assert shown["elapsed_ms"] == round(call.timing.total)
    total = kernel.run("%llm cost").text
    assert "this notebook" in total
    assert "$0.000025" in total


def test_personal_data_is_shown_in_a_dry_run_as_it_would_be_sent(
    kernel: RealKernel, upstream: FakeOpenAI
) -> None:
    before = len(upstream.requests)
    shown = kernel.run("%%llm fast --dry-run\nWrite to ada@example.com").text
    assert "ada@example.com" not in shown
    assert "[user] Write to <EMAIL_ADDRESS_1>" in shown
    assert re.search(r"EMAIL_ADDRESS +patterns +1 +redact", shown)
    assert "at most $0.00" in shown
    assert len(upstream.requests) == before
    assert "be refused" in kernel.run("%%llm fast --dry-run\n4111 1111 1111 1111").text


def test_a_blocked_prompt_fails_the_cell_and_never_leaves(
    kernel: RealKernel, upstream: FakeOpenAI
) -> None:
    before = len(upstream.requests)
    outcome = kernel.run("%%llm fast\nMy card is 4111 1111 1111 1111.")
    assert outcome.reply["status"] == "error"
    assert outcome.error is not None
    assert "CREDIT_CARD" in outcome.error["evalue"]
    assert "4111" not in outcome.error["evalue"]
    assert outcome.error["traceback"] == [outcome.error["evalue"]]
    assert len(upstream.requests) == before


def test_an_interrupt_in_the_kernel_ends_the_upstream_call_and_is_recorded(
    kernel: RealKernel, mesh: Mesh, upstream: FakeOpenAI
) -> None:
    upstream.script(Behaviour(text="word " * 200, piece_delay=0.05))
    kernel.announce(document="stop.ipynb", renderer=1)
    running = kernel.start("%%llm campus/large\nTalk")
    kernel.wait_for(running, "word word")
    kernel.manager.interrupt_kernel()
    outcome = kernel.finish(running)
    shown = outcome.answers[-1]
    assert shown["state"] == "stopped"
    assert shown["text"].startswith("word word")
    received = upstream.requests[-1]
    background.run(upstream.wait_for(received))
    assert received.end == "client_gone"
    (call,) = recorded(mesh, "stop.ipynb")
    assert call.outcome == "aborted"


def test_models_are_compared_and_offers_of_names_are_made(kernel: RealKernel) -> None:
    kernel.announce(document="c.ipynb", renderer=1)
    shown = kernel.run("%%llm --compare campus/small,echo/echo\nHi").answers[-1]
    assert [part["model"] for part in shown["compare"]] == ["campus/small", "echo/echo"]
    assert [part["state"] for part in shown["compare"]] == ["done", "done"]
    outcome = kernel.run("%%llm campus/smal\nHi")
    assert outcome.error is not None
    assert outcome.error["evalue"].endswith("did you mean campus/small?")
    assert "campus/small" in kernel.complete("%%llm campus/s")


def test_a_limit_of_cost_is_held_to_the_token(
    kernel: RealKernel, mesh: Mesh, upstream: FakeOpenAI
) -> None:
    upstream.script(Behaviour(text="word " * 500))
    kernel.announce(document="limit.ipynb", renderer=1)
    shown = kernel.run("%%llm campus/small --max-cost 0.0005\nTalk").answers[-1]
    (call,) = recorded(mesh, "limit.ipynb")
    assert call.cost_usd is not None
    assert Decimal("0.0001") < call.cost_usd <= Decimal("0.0005")
    assert shown["finish_reason"] == "length"
    outcome = kernel.run("%%llm campus/small --max-cost 0.000001\nTalk")
    assert outcome.error is not None
    assert "may cost more than $0.000001" in outcome.error["evalue"]


def test_a_mapping_costs_what_the_gateway_says(mesh: Mesh, upstream: FakeOpenAI) -> None:
    with_document = connect(mesh.async_.endpoint.url, mesh.async_.endpoint.token,
                            document="map.py")  # fmt: skip
    rows = with_document.map(["a", "b", "c"], "say {{value}}", model="fast", progress=False)
    summary = with_document.cost("map.py")
    assert summary.notebook is not None
    assert sum(row["cost_usd"] for row in rows) == summary.notebook.cost_usd > 0
    assert {row["model"] for row in rows} == {"campus/small"}


def test_the_openai_client_works_with_the_kernels_token(mesh: Mesh) -> None:
    client = mesh.openai()
    assert "campus/small" in {model.id for model in client.models.list()}
    reply = client.chat.completions.create(
        model="fast", messages=[{"role": "user", "content": "Hi"}]
    )
    assert reply.choices[0].message.content


def test_a_wrong_token_is_refused_in_one_line(gateway: GatewayProcess) -> None:
    with pytest.raises(MeshClientError) as failure:
        connect(gateway.url, "wrong").ask("Hi", model="fast")
    assert (failure.value.code, failure.value.status) == ("invalid_api_key", 401)
