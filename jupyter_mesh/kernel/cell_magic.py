"""What `%%llm` does with its line and its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..client.answer import Answer
from ..client.errors import MeshClientError
from ..client.loop import background
from .ask import ask_cell
from .cell import Cell, Settings, read_cell
from .code import propose
from .commands import show
from .dry_run import dry_run_text
from .near_models import naming_near_models
from .parsing import parse_cell_line
from .session import Session

if TYPE_CHECKING:
    from ..client.answer import Format
    from ..client.call import ChatCall
    from ..schemas.api import DryRun


def run_cell(session: Session, settings: Settings, line: str, text: str) -> None:
    """Read the cell, then ask, or with `--dry-run` only show what would be asked.

    Raises:
        MeshMagicError: The line or the text is wrong.
        MeshClientError: The gateway refused, or the call failed.
        CallStopped: The person interrupted.
    """
    cell = read_cell(session, settings, parse_cell_line(line), text)
    if cell.options.dry_run:
        show(dry_run_text(cell, [_dry_run(session, call) for call in cell.calls]))
    else:
        _ask(session, settings, cell)


def _dry_run(session: Session, call: ChatCall) -> DryRun:
    try:
        return background.run(session.mesh.api.dry_run(call))
    except MeshClientError as failure:
        raise naming_near_models(session, call.model, failure) from None


def _ask(session: Session, settings: Settings, cell: Cell) -> None:
    options = cell.options
    format = "json" if options.schema else options.format or settings.format
    stream = settings.stream and not options.no_stream
    answer = ask_cell(session, cell, cast("Format", format), stream=stream)
    if options.format == "code" and isinstance(answer, Answer):
        propose(session.shell, answer)
