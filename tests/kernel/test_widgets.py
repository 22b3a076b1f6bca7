"""The widgets' Python side: what they ask, what they remember, what they say without a browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ipywidgets
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_mesh.client import Mesh, MeshClientError, connect
from jupyter_mesh.client.caller import Notebook, find_notebooks_with
from jupyter_mesh.kernel.widgets.views import AnswerText
from tests.client.fake_gateway import FakeGateway, Script

HOSTILE = "<img src=x onerror=alert(1)>\n<script>alert(1)</script>"


@pytest.fixture
def mesh(gateway: FakeGateway) -> Iterator[Mesh]:
    with connect() as mesh:
        yield mesh


def every_widget(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every_widget(child)


def test_a_chat_streams_remembers_and_shows_what_it_took(mesh: Mesh, gateway: FakeGateway) -> None:
    chat = mesh.widgets.chat("fast", system="Be brief.")
    chat.prompt.value = "  I am Ada. "
    chat.send_button.click()
    chat.wait(10)
    chat.ask("Who am I?")
    chat.wait(10)
    asked, answer = chat.transcript.children[:2]
    assert (asked.heading, asked.text, asked.format) == ("You", "I am Ada.", "text")
    assert (answer.text, answer.state) == ("Hello world", "done")
    assert answer.facts.startswith("openai/small · 9 tokens · $0.0012")
    assert chat.prompt.value == ""
    sent = [message["content"] for message in gateway.chats[1].body["messages"]]
    assert sent == ["Be brief.", "I am Ada.", "Hello world", "Who am I?"]
    assert (chat.send_button.disabled, chat.stop_button.disabled) == (False, True)
    chat.new_button.click()
    assert chat.transcript.children == ()
    assert chat.exchanges == ()


def test_a_chat_can_be_stopped_and_keeps_what_came(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.answer = lambda body: Script(pieces=["so far"], hang=True)
    chat = mesh.widgets.chat("fast")
    chat.ask("Hi")
    answer = chat.transcript.children[1]
    while answer.text != "so far":
        assert not chat.wait(0.05)
    chat.ask("while it answers")  # not sent
    chat.stop_button.click()
    chat.wait(10)
    assert gateway.disconnected.wait(5)
    assert (answer.text, answer.state, len(gateway.chats)) == ("so far", "stopped", 1)
    assert chat.exchanges == ()
    assert chat.send_button.disabled is False


def test_a_refusal_stands_where_the_answer_would(mesh: Mesh, gateway: FakeGateway) -> None:
    problem = {"code": "budget_exceeded", "message": "The budget is spent."}
    gateway.answer = lambda body: Script(status=402, error=problem)
    chat = mesh.widgets.chat("fast")
    chat.ask("Hi")
    chat.wait(10)
    answer = chat.transcript.children[1]
    assert (answer.state, answer.text) == ("error", "The budget is spent.")


def test_models_are_compared_voted_on_and_saved(
    mesh: Mesh, gateway: FakeGateway, shell: InteractiveShell
) -> None:
    gateway.answer = lambda body: Script(pieces=[body["model"]])
    compare = mesh.widgets.compare(["fast", "openai/large", "no-such-model"])
    assert compare.models.value == ("fast", "openai/large")
    compare.ask("Who are you?")
    compare.wait(10)
    columns = [column.children for column in compare.columns.children]
    assert [view.text for view, _ in columns] == ["fast", "openai/large"]
    columns[1][1].click()
    assert [star.button_style for _, star in columns] == ["", "success"]
    compare.ask("And now?")
    compare.wait(10)
    compare.vote("fast")
    with pytest.raises(ValueError, match="has not answered"):
        compare.vote("local")
    table = compare.table()
    assert isinstance(table, pd.DataFrame)
    assert list(table["best"]) == [False, True, True, False]
    assert list(table["round"]) == [1, 1, 2, 2]
    assert table["cost_usd"].sum() == Decimal("0.0048")
    compare.save_button.click()
    assert shell.user_ns["comparisons"].equals(table)
    assert compare.status.text == "Saved in the variable comparisons."


def test_the_notebooks_model_is_chosen_at_first(mesh: Mesh) -> None:
    assert mesh.widgets.chat().model.value == "openai/small"
    find_notebooks_with(lambda: Notebook(model="fast"))
    try:
        assert mesh.widgets.chat().model.value == "fast"
        assert mesh.widgets.compare().models.value == ("fast",)
    finally:
        find_notebooks_with(Notebook)


def test_before_the_first_comparison_there_is_nothing_to_save(
    mesh: Mesh, shell: InteractiveShell
) -> None:
    compare = mesh.widgets.compare()
    compare.save_button.click()
    assert "comparisons" not in shell.user_ns
    assert "Nothing has been compared yet" in compare.status.text


def test_a_comparison_without_prompt_or_models_says_so(mesh: Mesh, gateway: FakeGateway) -> None:
    compare = mesh.widgets.compare()
    compare.run_button.click()
    assert "Write a prompt" in compare.status.text
    assert not gateway.chats
    compare.models.value = ()
    compare.ask("Hi")
    assert not gateway.chats


def test_one_model_that_fails_leaves_the_others_in_the_table(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    problem = {"code": "provider_error", "message": "It broke."}
    gateway.answer = lambda body: (
        Script(status=502, error=problem) if body["model"] == "fast" else Script()
    )
    compare = mesh.widgets.compare(["fast", "openai/large"])
    compare.ask("Hi")
    compare.wait(10)
    assert compare.columns.children[0].children[0].state == "error"
    assert list(compare.table()["model"]) == ["openai/large"]


def test_cost_and_budgets_are_the_gateways(mesh: Mesh, gateway: FakeGateway) -> None:
    cost = mesh.widgets.cost()
    assert cost.spend.rows[0] == ["today", "$0.42", "$0.10", "3", "1,816"]
    assert cost.budgets.rows == [["me", "$18.20", "$50.00 a month", {"share": 0.364}, "$41.00"]]
    asked = len(gateway.received)
    cost.refresh_button.click()
    assert len(gateway.received) == asked + 1
    assert "this month" in repr(cost)


def test_models_can_be_searched_by_name_and_capability(mesh: Mesh, gateway: FakeGateway) -> None:
    gateway.models[1]["capabilities"] = ["vision"]
    models = mesh.widgets.models()
    assert len(models.table.rows) == 4
    models.search.value = "VISION open"
    assert [row[0] for row in models.table.rows] == ["openai/large"]
    assert models.code() == "%llm list VISION open"


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("chat", "connect().ask('…', model='openai/small', thread=\"chat\")", "Chat with"),
        ("compare", "%%llm --compare openai/small\n…", "Comparison of openai/small"),
        ("cost", "%llm cost", "this month"),
        ("models", "%llm list", "openai/large"),
    ],
)
def test_every_widget_has_a_plain_text_and_a_code_form(
    mesh: Mesh, name: str, code: str, text: str
) -> None:
    widget = getattr(mesh.widgets, name)()
    shown = widget._repr_mimebundle_()
    assert text in shown["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert "text/html" not in shown
    widget._switch.value = True
    assert widget._code.text == code
    assert widget._code.layout.display == ""


def test_what_a_model_wrote_is_only_ever_shown_by_our_own_view(
    mesh: Mesh, gateway: FakeGateway
) -> None:
    gateway.answer = lambda body: Script(pieces=[HOSTILE])
    chat, compare = mesh.widgets.chat("fast"), mesh.widgets.compare(["fast"])
    for widget in (chat, compare):
        widget.ask("Hi")
        widget.wait(10)
        shows = [
            isinstance(part, AnswerText)
            for part in every_widget(widget)
            if any("alert(1)" in str(part.trait_values().get(name)) for name in part.keys)
            and not getattr(part, "children", ())
        ]
        assert shows
        assert all(shows)
        markup = ipywidgets.HTML | ipywidgets.HTMLMath | ipywidgets.Output
        assert not any(isinstance(part, markup) for part in every_widget(widget))


def test_every_control_has_a_label_or_says_what_it_does(mesh: Mesh) -> None:
    for name in ("chat", "compare", "cost", "models"):
        for part in every_widget(getattr(mesh.widgets, name)()):
            if isinstance(part, ipywidgets.Button | ipywidgets.ToggleButton):
                assert part.description
                assert part.tooltip
            elif isinstance(part, ipywidgets.Label):
                assert part.value
            elif isinstance(part, ipywidgets.ValueWidget):
                assert part.description


def test_a_growing_text_is_sent_in_parts_and_whole_when_it_doubled() -> None:
    view = AnswerText()
    parts: list[dict[str, Any]] = []
    view.send = parts.append  # type: ignore[method-assign, assignment]
    wholes: list[str] = []
    view.observe(lambda change: wholes.append(change["new"]), "text")
    for end in range(1, 101):
        view.grow("🚀" * end)
    assert [len(whole) for whole in wholes] == [1, 2, 4, 8, 16, 32, 64]
    assert parts[-1] == {"offset": 99, "append": "🚀"}
    assert sum(len(part["append"]) for part in parts) + sum(map(len, wholes)) < 4 * 100


def test_without_a_gateway_a_widget_says_the_next_step() -> None:
    with pytest.raises(MeshClientError, match="cannot be reached"):
        connect("http://127.0.0.1:9/mesh/", "t").widgets.chat()


def test_the_client_does_not_import_widgets_by_itself() -> None:
    script = (
        "import sys; from jupyter_mesh import connect; connect('http://127.0.0.1:9/mesh/', 't');"
        "print([m for m in ('ipywidgets', 'anywidget', 'IPython') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
