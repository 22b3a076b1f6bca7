"""What each kind of front end is sent while an answer grows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_mesh.client import ANSWER_MIME
from jupyter_mesh.client.draft import Draft
from jupyter_mesh.kernel.errors import MeshMagicError
from jupyter_mesh.kernel.frontend import Frontend
from jupyter_mesh.kernel.screen import Screen
from jupyter_mesh.kernel.session import session_of
from tests.client.fake_gateway import FakeGateway, Script
from tests.kernel.conftest import Notebookish

JUPYTER_CLIENT = "5b9e0ac1-91d1c5a1fe13b2e0a2a1cbd5_4711_3"


def chunk(text: str) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}}]}


class Renderer:
    """Puts texts together as the Lab's renderer does, in code points."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.missed = 0

    def take(self, answer: dict[str, Any]) -> None:
        if "text" in answer:
            self.texts[answer["id"]] = answer["text"]
        elif answer["offset"] == len(self.texts[answer["id"]]):
            self.texts[answer["id"]] += answer["append"]
        else:
            self.missed += 1


class Comm:
    """A front end's side of a comm is what it was sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.hear: Any = None
        self.closed: Any = None

    def on_msg(self, hear: Any) -> None:
        self.hear = hear

    def on_close(self, closed: Any) -> None:
        self.closed = closed

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)


def announce(shell: Any, session: str = "browser", comm: Comm | None = None, **said: Any) -> Comm:
    message = {"header": {"session": session}, "content": {"data": {"renderer": 1, **said}}}
    if comm is not None:
        comm.hear(message)
        return comm
    comm = Comm()
    session_of(shell).notebooks.open(comm, message)
    return comm


def run(shell: InteractiveShell, cell: str) -> None:
    shell.run_cell(cell).raise_error()


@pytest.fixture
def grow(notebook: Notebookish) -> Any:
    def grow(frontend: Frontend, pieces: int) -> tuple[Screen, Draft]:
        draft = Draft("fast")
        screen = Screen(notebook.shell, frontend, [draft], comparison=False)
        screen.show()
        for number in range(pieces):
            draft.add(chunk(f"wörd🚀 {number} "))
            screen.show()
        screen.parts[0].end("done")
        screen.finish()
        return screen, draft

    return grow


@pytest.mark.parametrize("pieces", [1, 10, 1000])
def test_the_renderer_gets_what_was_added_and_traffic_is_linear(
    notebook: Notebookish, grow: Any, pieces: int
) -> None:
    _, draft = grow(Frontend.RENDERER, pieces)
    renderer = Renderer()
    for output in notebook.published:
        renderer.take(output["data"][ANSWER_MIME])
    assert renderer.missed == 0
    assert renderer.texts == {draft.id: draft.text}
    texts = [output["data"][ANSWER_MIME] for output in notebook.published]
    sent = sum(len(text.get("text", text.get("append", ""))) for text in texts)
    assert sent <= 4 * len(draft.text)
    assert all("text/plain" not in output["data"] for output in notebook.published[:-1])


def test_one_output_is_updated_and_its_last_state_holds_the_text_once(
    notebook: Notebookish, grow: Any
) -> None:
    _, draft = grow(Frontend.RENDERER, 3)
    first, *later = notebook.published
    assert first["update"] is False
    assert all(output["update"] for output in later)
    assert len({output["transient"]["display_id"] for output in notebook.published}) == 1
    last = notebook.published[-1]["data"]
    assert (last[ANSWER_MIME]["state"], last[ANSWER_MIME]["text"]) == ("done", draft.text)
    assert last["text/plain"] == draft.text
    assert json.dumps(last, ensure_ascii=False).count("rd🚀 2 ") == 2  # once in each type


def test_a_restart_is_a_checkpoint(notebook: Notebookish) -> None:
    draft = Draft("fast")
    screen = Screen(notebook.shell, Frontend.RENDERER, [draft], comparison=False)
    draft.add(chunk("a long first attempt"))
    screen.show()
    from jupyter_mesh.schemas.events import Notice

    draft.start_over(Notice("schema_repaired", "…"))
    draft.add(chunk("{}"))
    screen.show()
    assert notebook.published[-1]["data"][ANSWER_MIME]["text"] == "{}"


def test_a_notebook_without_our_renderer_gets_plain_text_more_and_more_rarely(
    notebook: Notebookish, grow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mesh.kernel.screen._PLAIN_EVERY_SECONDS", 0)
    _, draft = grow(Frontend.UPDATES, 1000)
    *growing, last = notebook.published
    assert all(set(output["data"]) == {"text/plain"} for output in growing)
    assert sum(len(output["data"]["text/plain"]) for output in growing) <= 13 * len(draft.text)
    assert 20 < len(growing) < 200
    assert last["data"][ANSWER_MIME]["text"] == draft.text


def test_a_front_end_that_does_not_update_gets_the_answer_once(
    notebook: Notebookish, grow: Any
) -> None:
    grow(Frontend.ONCE, 10)
    assert [output["update"] for output in notebook.published] == [False]
    assert set(notebook.published[0]["data"]) == {ANSWER_MIME, "text/plain"}


@pytest.mark.parametrize(
    ("message_id", "announced", "states"),
    [
        ("2f1c9e02-4d1c-4b4a-9c1e-1f2e3d4c5b6a", True, {"streaming", "done"}),
        ("2f1c9e02-4d1c-4b4a-9c1e-1f2e3d4c5b6a", False, {None, "done"}),
        (JUPYTER_CLIENT, False, {"done"}),
        (JUPYTER_CLIENT, True, {"streaming", "done"}),
    ],
)
def test_the_front_end_is_told_apart_by_what_it_announced_and_how_it_counts(
    notebook: Notebookish, gateway: FakeGateway, message_id: str, announced: bool,
    states: set[str | None],
) -> None:  # fmt: skip
    notebook.message_id = message_id
    if announced:
        announce(notebook.shell)
    run(notebook.shell, "%%llm fast\nHi")
    seen = {output["data"].get(ANSWER_MIME, {}).get("state") for output in notebook.published}
    assert seen == states


def test_never_html_or_markdown_of_what_a_model_wrote(
    notebook: Notebookish, gateway: FakeGateway
) -> None:
    gateway.answer = lambda body: Script(
        pieces=["<script>alert(1)</script>", "\x1b[2J", "\n```\n1\n```\n"]
    )
    announce(notebook.shell)
    for cell in ("%%llm fast\nHi", "%%llm --compare fast,openai/large\nHi",
                 "%%llm fast -f code\nHi", "%%llm fast -f text --no-stream\nHi"):  # fmt: skip
        run(notebook.shell, cell)
    types = {name for output in notebook.published for name in output["data"]}
    assert types == {ANSWER_MIME, "text/plain"}
    assert all("\x1b" not in output["data"].get("text/plain", "") for output in notebook.published)


def test_the_bundle_says_what_it_took(notebook: Notebookish, gateway: FakeGateway) -> None:
    announce(notebook.shell)
    notice = {"code": "fallback", "message": "large did not answer."}
    gateway.answer = lambda body: Script(notices=[notice])
    run(notebook.shell, "%%llm fast\nHi")
    payload = notebook.published[-1]["data"][ANSWER_MIME]
    assert payload["version"] == 1
    assert payload["usage"] == {
        "input": 7, "output": 2, "cache_read": 0, "reasoning": 0, "total": 9, "estimated": False,
    }  # fmt: skip
    assert (payload["cost_usd"], payload["unpriced"], payload["cache"]) == ("0.0012", False, "miss")
    assert (payload["model"], payload["requested_model"]) == ("openai/small", "fast")
    assert (payload["request_id"], payload["finish_reason"]) == ("call-1", "stop")
    assert payload["notices"] == [notice]
    assert payload["ai_generated"] is True
    assert "error" not in payload


def test_a_failure_is_the_last_state_on_screen(notebook: Notebookish, gateway: FakeGateway) -> None:
    announce(notebook.shell)
    problem = {"code": "provider_error", "message": "It broke."}
    gateway.answer = lambda body: Script(error_after=problem)
    with pytest.raises(MeshMagicError):
        run(notebook.shell, "%%llm fast\nHi")
    payload = notebook.published[-1]["data"][ANSWER_MIME]
    assert payload["state"] == "error"
    assert payload["error"] == {"code": "provider_error", "message": "It broke."}
    assert payload["text"] == "Hello world"


def test_a_refusal_before_any_text_shows_only_the_line_where_no_renderer_waits(
    notebook: Notebookish, gateway: FakeGateway
) -> None:
    gateway.answer = lambda body: Script(status=402, error={"code": "x", "message": "No."})
    with pytest.raises(MeshMagicError):
        run(notebook.shell, "%%llm fast\nHi")
    assert notebook.published == []


def test_a_comparison_is_one_output_whose_parts_end_on_their_own(
    notebook: Notebookish, gateway: FakeGateway
) -> None:
    announce(notebook.shell)
    problem = {"code": "provider_error", "message": "It broke."}
    gateway.answer = lambda body: (
        Script(status=502, error=problem)
        if body["model"] == "openai/large"
        else Script(pieces=["a", "b", "c"], pause=0.08)
    )
    outcome = notebook.shell.run_cell("%%llm --compare fast,openai/large\nHi")
    assert "openai/large: It broke." in str(outcome.error_in_exec)
    renderer = Renderer()
    for output in notebook.published:
        for answer in output["data"][ANSWER_MIME]["compare"]:
            renderer.take(answer)
    last = notebook.published[-1]["data"][ANSWER_MIME]
    assert [part["state"] for part in last["compare"]] == ["done", "error"]
    assert last["state"] == "done"
    assert renderer.missed == 0
    assert sorted(renderer.texts.values()) == ["", "abc"]
    early = notebook.published[-3]["data"][ANSWER_MIME]
    assert [part["state"] for part in early["compare"]] == ["streaming", "error"]


def test_what_a_notebook_announces_is_the_context_of_its_cells_only(
    notebook: Notebookish, gateway: FakeGateway
) -> None:
    announce(notebook.shell, "tab-1", document="a.ipynb", model="openai/large", purpose="study")
    announce(notebook.shell, "tab-2", document="b.ipynb")
    for session in ("tab-1", "tab-2", "console"):
        notebook.session = session
        run(notebook.shell, "%%llm\nHi")
    sent = [
        (chat.body["model"], chat.headers.get("X-Mesh-Document"),
         chat.headers.get("X-Mesh-Purpose"))
        for chat in gateway.chats
    ]  # fmt: skip
    assert sent == [
        ("openai/large", "a.ipynb", "study"),
        ("openai/small", "b.ipynb", None),
        ("openai/small", None, None),
    ]


def test_two_notebooks_on_one_kernel_have_separate_threads_and_models(
    notebook: Notebookish, gateway: FakeGateway
) -> None:
    announce(notebook.shell, "tab-1", document="a.ipynb")
    announce(notebook.shell, "tab-2", document="b.ipynb")
    for session, cell in [
        ("tab-1", "%%llm fast --thread t\none"),
        ("tab-2", "%%llm fast --thread t\ntwo"),
        ("tab-2", "%llm use openai/large"),
        ("tab-1", "%llm reset t"),
        ("tab-1", "%%llm --thread t\nthree"),
        ("tab-2", "%%llm --thread t\nfour"),
    ]:
        notebook.session = session
        run(notebook.shell, cell)
    sent = [
        (chat.body["model"], [message["content"] for message in chat.body["messages"]])
        for chat in gateway.chats
    ]
    assert sent[2:] == [
        ("openai/small", ["three"]),
        ("openai/large", ["two", "Hello world", "four"]),
    ]


def test_a_renamed_notebook_keeps_its_threads_and_its_model(
    notebook: Notebookish, gateway: FakeGateway
) -> None:
    comm = announce(notebook.shell, document="a.ipynb")
    run(notebook.shell, "%llm use fast")
    run(notebook.shell, "%%llm --thread t\none")
    announce(notebook.shell, comm=comm, document="b.ipynb")
    run(notebook.shell, "%%llm --thread t\ntwo")
    chat = gateway.chats[-1]
    assert chat.body["model"] == "fast"
    assert len(chat.body["messages"]) == 3
    assert chat.headers["X-Mesh-Document"] == "b.ipynb"


@pytest.mark.parametrize("cell", ["%%llm fast\nHi", "%%llm --compare fast,openai/large\nHi"])
def test_a_refused_call_too_is_shown_with_where_its_record_is(
    notebook: Notebookish, gateway: FakeGateway, cell: str
) -> None:
    comm = announce(notebook.shell)
    problem = {"code": "budget_exceeded", "message": "Spent.", "request_id": "call-7"}
    gateway.answer = lambda body: Script(status=402, error=problem)
    with pytest.raises(MeshMagicError):
        run(notebook.shell, cell)
    shown = notebook.published[-1]["data"][ANSWER_MIME]
    (first, *_) = shown.get("compare", [shown])
    assert (first["state"], first["request_id"]) == ("error", "call-7")
    assert {"type": "call_finished", "request_id": "call-7"} in comm.sent


def test_the_front_end_hears_of_finished_calls_and_new_models_until_it_closes(
    notebook: Notebookish, gateway: FakeGateway
) -> None:
    comm = announce(notebook.shell)
    run(notebook.shell, "%%llm fast\nHi")
    run(notebook.shell, "%llm use ollama")
    assert comm.sent == [
        {"type": "call_finished", "request_id": "call-1"},
        {"type": "models_changed"},
    ]
    comm.closed(None)
    run(notebook.shell, "%%llm fast\nHi")
    assert len(comm.sent) == 2


def test_a_front_end_that_says_nonsense_is_taken_for_one_that_says_nothing(
    notebook: Notebookish, gateway: FakeGateway
) -> None:
    announce(notebook.shell, document=3, model=["x"], renderer="1", purpose={})
    run(notebook.shell, "%%llm\nHi")
    assert gateway.chats[-1].body["model"] == "openai/small"
    assert "X-Mesh-Document" not in gateway.chats[-1].headers
