from __future__ import annotations

from decimal import Decimal

import pytest

from jupyter_mesh.client import Mesh, MeshClientError
from jupyter_mesh.client.caller import Notebook, find_notebooks_with
from tests.client.fake_gateway import FakeGateway


def test_models_are_cards_and_are_shown_as_a_table(mesh: Mesh) -> None:
    models = mesh.models()
    assert [card.id for card in models][:3] == ["openai/small", "openai/large", "fast"]
    assert models[0].price is not None
    assert models[0].price.output == Decimal(2)
    lines = repr(models).splitlines()
    assert lines[0].startswith("model ")
    assert any("fast → openai/small" in line and "1 / 2" in line for line in lines)
    assert any("local/free-of-price" in line and "unknown" in line for line in lines)


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
    ("model", "limit", "sent"),
    [
        ("openai/small", "1", None),  # all of it fits
        ("openai/small", "0.0005", 246),  # (0.0005 - 7 * 1/1e6) / (2/1e6)
        ("fast", "0.0005", 246),
    ],
)
def test_a_limit_of_cost_caps_the_output(
    mesh: Mesh, gateway: FakeGateway, model: str, limit: str, sent: int | None
) -> None:
    mesh.ask("a b c d", model=model, max_cost=limit)
    assert gateway.chats[-1].body.get("max_tokens") == sent


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
