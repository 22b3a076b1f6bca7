"""What a cell shows and does when a content filter ended the answer."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_mesh.client.draft import Draft
from jupyter_mesh.kernel.errors import MeshMagicError
from jupyter_mesh.kernel.frontend import Frontend
from jupyter_mesh.kernel.screen import Screen
from tests.client.fake_gateway import FakeGateway, Script
from tests.kernel.conftest import Notebookish
from tests.kernel.test_magics import run

WHY = "The answer was stopped by a content guard: hate (rule: house)."
NOTICE: dict[str, Any] = {"code": "content_filter", "message": WHY}
BY_THE_PROVIDER = "The answer was stopped by a content filter."


def stopped(gateway: FakeGateway, *pieces: str) -> None:
    gateway.answer = lambda body: Script(
        pieces=list(pieces), notices=[NOTICE], finish="content_filter"
    )


@pytest.mark.parametrize("frontend", [Frontend.RENDERER, Frontend.UPDATES, Frontend.ONCE])
@pytest.mark.parametrize(("text", "before"), [("", ""), ("So far", "So far\n\n")])
@pytest.mark.parametrize(("notices", "why"), [([NOTICE], WHY), ([], BY_THE_PROVIDER)])
def test_every_front_end_shows_why(
    notebook: Notebookish,
    frontend: Frontend,
    text: str,
    before: str,
    notices: list[dict[str, Any]],
    why: str,
) -> None:
    draft = Draft("fast")
    screen = Screen(notebook.shell, frontend, [draft], comparison=False)
    choice = {"delta": {"content": text}, "finish_reason": "content_filter"}
    chunks: list[dict[str, Any]] = [{"choices": [choice]}, {"mesh": {"notices": notices}}]
    for chunk in chunks:
        draft.add(chunk)
    screen.parts[0].end("done")
    screen.finish()
    assert notebook.published[-1]["data"]["text/plain"] == before + why


@pytest.mark.parametrize("flag", ["", " --no-stream"])
@pytest.mark.parametrize("format", ["-f json", "-f code"])
def test_what_cannot_be_used_fails_with_the_reason_and_is_not_asked_for_again(
    shell: InteractiveShell, gateway: FakeGateway, format: str, flag: str
) -> None:
    stopped(gateway)
    error = shell.run_cell(f"%%llm fast {format}{flag}\nHi").error_in_exec
    assert isinstance(error, MeshMagicError)
    assert str(error) == WHY
    assert error.code == "content_blocked"
    assert len(gateway.chats) == 1


def test_the_variable_says_why_and_the_thread_forgets_it(
    shell: InteractiveShell, gateway: FakeGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped(gateway)
    run(shell, "%%llm fast -o a --thread t\nHi")
    assert (shell.user_ns["a"].text, shell.user_ns["a"].blocked) == ("", WHY)
    assert WHY in capsys.readouterr().err
    gateway.answer = lambda body: Script()
    run(shell, "%%llm fast -o a --thread t\nHi again")
    assert shell.user_ns["a"].blocked is None
    assert [one["role"] for one in gateway.chats[-1].body["messages"]] == ["user"]
