"""What a kernel takes on when it starts: a comm target and a completer, both empty until used.

Kept to the standard library: a kernel that never asks a model must not start slower for it.
"""

from __future__ import annotations

from typing import Any

COMM_TARGET = "jupyter_mesh.notebook"
_FIRST_LETTERS = ("%%llm", "%llm", "%%rag", "%rag")


def load_ipython_extension(shell: Any) -> None:
    """Register with this shell; called at kernel start, and again harmlessly by the magics."""
    if getattr(shell, "jupyter_mesh_started", False):
        return
    shell.jupyter_mesh_started = True
    kernel = getattr(shell, "kernel", None)
    if kernel is not None:

        def open_comm(comm: Any, message: Any) -> None:
            _session(shell).notebooks.open(comm, message)

        kernel.comm_manager.register_target(COMM_TARGET, open_comm)
    shell.Completer.custom_matchers.append(_matcher(shell))


def _session(shell: Any) -> Any:
    from .session import session_of

    return session_of(shell)


def _matcher(shell: Any) -> Any:
    """A completer that costs one comparison in every other cell."""

    def jupyter_mesh_matcher(context: Any) -> Any:
        if not context.full_text.lstrip().startswith(_FIRST_LETTERS):
            return {"completions": []}
        from .completion import complete

        return complete(_session(shell), context)

    jupyter_mesh_matcher.matcher_api_version = 2  # pyright: ignore[reportFunctionMemberAccess]
    return jupyter_mesh_matcher
