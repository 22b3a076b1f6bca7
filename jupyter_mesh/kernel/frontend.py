"""Which kind of front end shows a cell's output, and so how an answer may grow in it."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

from ..client.caller import Notebook


class Frontend(Enum):
    """How an answer is brought to the screen."""

    RENDERER = "renderer"
    """Ours is there: what is added is sent, with the whole text from time to time."""
    UPDATES = "updates"
    """A notebook without our renderer: the whole plain text, the more rarely the longer it is."""
    ONCE = "once"
    """Shows outputs but does not update them: the answer is sent when it is complete."""
    TERMINAL = "terminal"
    """No kernel: text is written as it comes."""


_JUPYTER_CLIENT_ID = re.compile(r"[0-9a-f-]+_\d+_\d+")


def frontend_of(shell: Any, notebook: Notebook) -> Frontend:
    """The kind that the running cell came from."""
    if getattr(shell, "kernel", None) is None:
        return Frontend.TERMINAL
    if notebook.renderer >= 1:
        return Frontend.RENDERER
    # Front ends in Python (console, nbclient, papermill) number their messages `session_pid_count`,
    # browsers do not. The console passes over updates, and nobody watches the others.
    message_id = parent_header(shell).get("msg_id", "")
    return Frontend.ONCE if _JUPYTER_CLIENT_ID.fullmatch(message_id) else Frontend.UPDATES


def parent_header(shell: Any) -> dict[str, Any]:
    """The header of the request that is running; empty outside of a kernel."""
    get_parent = getattr(shell, "get_parent", None)
    parent: Any = get_parent() if get_parent is not None else {}
    return parent.get("header", {})
