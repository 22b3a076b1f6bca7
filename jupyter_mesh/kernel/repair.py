"""`%llm fix` and `%llm explain`: the latest error, put to a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..client.answer import Answer
from .ask import ask_cell
from .cell import Settings, read_cell
from .code import propose
from .errors import MeshMagicError
from .failures import latest_failure
from .parsing import parse_words
from .session import Session

_TASKS = {
    "fix": "This notebook cell fails. Say in one sentence why, then give the whole corrected cell "
    "as one fenced block of Python.",
    "explain": "This notebook cell fails. Explain the error to its author: what it means, where it "
    "comes from, and what to change.",
}


def ask_about_failure(
    session: Session, settings: Settings, words: Sequence[str], task: str
) -> None:
    """Ask, show the answer, and for `fix` put the proposed code into a new cell.

    Raises:
        MeshMagicError: Nothing has failed, or the answer to `fix` holds no code.
    """
    options = parse_words(words)
    if options.compare or options.schema or options.format or options.dry_run:
        raise MeshMagicError(f"%llm {task} shows one answer as it is: leave those options out.")
    failure = latest_failure(session.failure)
    session.failure = failure
    options = replace(options, no_interpolate=True)
    cell = read_cell(session, settings, options, failure.question(_TASKS[task]))
    stream = settings.stream and not options.no_stream
    answer = ask_cell(session, cell, "markdown", stream=stream)
    if task == "fix" and isinstance(answer, Answer):
        propose(session.shell, answer)
