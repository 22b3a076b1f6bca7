from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from jupyter_mesh.client import Mesh, MeshClientError
from jupyter_mesh.client.caller import Notebook, find_notebooks_with
from jupyter_mesh.client.tables import price_words
from tests.client.fake_gateway import FakeGateway


def test_models_are_cards_and_are_shown_as_a_table(mesh: Mesh) -> None:
    models = mesh.models()
    assert [card.id for card in models][:3] == ["openai/small", "openai/large", "fast"]
    assert models[0].price is not None
    assert models[0].price.output == Decimal(2)
    lines = repr(models).splitlines()
    assert lines[0].startswith("model ")
    assert any("fast → openai/small" in line and "$1.00 / $2.00" in line for line in lines)
    assert any("local/free-of-price" in line and "unknown" in line for line in lines)


@pytest.mark.parametrize(
    ("price", "shown", "said"),
    [
        ({"input": 0, "output": 0}, "free", "free"),
        ({"input": 1, "output": 2}, "$1.00 / $2.00", "$1.00 in / $2.00 out per million tokens"),
        ({"input": 0, "output": 0, "per_request": "0.002"}, "$0.002 a request", "$0.002 a request"),
        (
            {"input": 1, "output": 1, "per_request": "0.005"},
            "$1.00 / $1.00 + $0.005 a request",
            "$1.00 in / $1.00 out per million tokens, and $0.005 a request",
        ),
    ],
)
def test_a_price_is_shown_with_what_each_request_costs(
    mesh: Mesh, gateway: FakeGateway, price: dict[str, Any], shown: str, said: str
) -> None:
    gateway.models = [{**gateway.models[0], "price": {**price, "source": "admin"}}]
    (line,) = (one for one in repr(mesh.models()).splitlines() if "openai/small" in one)
    assert f"  {shown}  " in line
    assert price_words(mesh.models()[0].price) == said


def test_cost_is_of_the_running_notebook(mesh: Mesh, gateway: FakeGateway) -> None:
    assert mesh.cost().notebook is None
    find_notebooks_with(lambda: Notebook(document="a b.ipynb"))
    cost = mesh.cost()
    assert gateway.received[-1].query == {"document": "a b.ipynb"}
    assert cost.notebook is not None
    assert cost.notebook.cost_usd == Decimal("0.42")


def test_budgets_and_the_caller(mesh: Mesh) -> None:
    assert mesh.budget()[0].limit_usd == Decimal(50)
    assert mesh.me().user == "ada"


def test_a_gateway_of_another_version_says_so(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.models = [{"id": "only an id"}]
    with pytest.raises(MeshClientError, match="same version") as failure:
        mesh.models()
    assert failure.value.code == "protocol_error"


@pytest.mark.parametrize(
    ("model", "limit", "asked", "sent"),
    [
        # (0.0005 - 7 * 1/1e6) / (2/1e6) = 246 output tokens; the model writes at most 1000.
        ("openai/small", "0.0005", {}, {"max_tokens": 246}),
        ("fast", "0.0005", {}, {"max_tokens": 246}),
        ("openai/small", "1", {}, {"max_tokens": 1000}),  # all of it fits, and no more may come
        ("openai/small", "1", {"max_tokens": 5}, {"max_tokens": 5}),
        ("openai/small", "0.0005", {"max_tokens": 246}, {"max_tokens": 246}),
        ("openai/small", "0.0005", {"max_tokens": 247}, {"max_tokens": 246}),
        ("openai/small", "0.0005", {"n": 2}, {"max_tokens": 123}),
        ("openai/small", "0.0005", {"n": 2, "max_tokens": 500}, {"max_tokens": 123}),
        (
            "openai/small",
            "0.0005",
            {"max_completion_tokens": 500},
            {"max_completion_tokens": 246},
        ),
        (
            "openai/small",
            "0.0005",
            {"max_completion_tokens": 5, "max_tokens": 500},
            {"max_completion_tokens": 5, "max_tokens": 246},
        ),
    ],
)
def test_a_limit_of_cost_caps_the_output_of_every_call(
    mesh: Mesh,
    gateway: FakeGateway,
    model: str,
    limit: str,
    asked: dict[str, int],
    sent: dict[str, int],
) -> None:
    mesh.ask("a b c d", model=model, max_cost=limit, **asked)
    body = gateway.chats[-1].body
    assert {name: body[name] for name in body if name.startswith("max_")} == sent


@pytest.mark.parametrize(
    ("model", "limit", "line"),
    [
        ("openai/large", "0.0001", "may cost more than"),
        ("openai/small", "0", "may cost more than"),
        ("local/free-of-price", "1", "is unknown"),
    ],
)
def test_a_limit_that_cannot_be_held_refuses_the_call(
    mesh: Mesh, gateway: FakeGateway, model: str, limit: str, line: str
) -> None:
    with pytest.raises(MeshClientError, match=line) as failure:
        mesh.ask("a b c d", model=model, max_cost=limit)
    assert failure.value.code == "too_expensive"
    assert not gateway.chats
