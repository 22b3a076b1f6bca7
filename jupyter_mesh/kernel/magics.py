"""`%%llm`, `%llm`, `%%rag` and `%rag`."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast, get_args

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Bool, Dict, Enum, Integer, Unicode

from ..client.answer import Answer, Comparison, Format
from ..client.errors import MeshClientError
from .errors import CallStopped, MeshMagicError

if TYPE_CHECKING:
    from .session import Session

P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)


def one_line_errors(
    magic: Callable[Concatenate[LlmMagics, P], T],
) -> Callable[Concatenate[LlmMagics, P], T]:
    """The magics' edge: whatever goes wrong becomes one line, and the cell fails."""

    @functools.wraps(magic)
    def at_the_edge(self: LlmMagics, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return magic(self, *args, **kwargs)
        except (MeshMagicError, CallStopped):
            raise
        except MeshClientError as failure:
            raise MeshMagicError(failure.message, failure.code) from None
        except KeyboardInterrupt:
            raise CallStopped("Stopped.") from None
        except Exception as failure:
            _log.debug("A magic failed", exc_info=True)
            reason = f"{type(failure).__name__}: {failure}".splitlines()[0]
            raise MeshMagicError(
                f"The magic itself failed ({reason}): please report it.", "internal"
            ) from failure

    return at_the_edge


@magics_class
class LlmMagics(Magics):
    """Ask language models from cells. `%llm help` shows everything."""

    model = Unicode("", help="Model of cells that name none, after `%llm use`.").tag(config=True)
    system = Unicode("", help="System prompt of cells that give none.").tag(config=True)
    format = Enum(get_args(Format), "markdown", help="How answers are shown.").tag(config=True)
    stream = Bool(True, help="Show answers while they arrive.").tag(config=True)
    thread = Unicode(
        "", help="Conversation of cells that name none; empty: each cell stands alone."
    ).tag(config=True)
    max_history = Integer(10, min=0, help="Exchanges of a conversation that are sent along.").tag(
        config=True
    )
    max_value_chars = Integer(
        50_000, min=1, help="Longest text of one {{value}} that was not asked for whole."
    ).tag(config=True)
    aliases = Dict(value_trait=Unicode(), key_trait=Unicode(), help="Short names for models.").tag(
        config=True
    )

    @property
    def session(self) -> Session:
        """What is remembered from cell to cell."""
        from .session import session_of

        return session_of(self.shell)

    @no_var_expand
    @line_cell_magic
    @one_line_errors
    def llm(self, line: str, cell: str | None = None) -> Answer | Comparison | None:
        """`%%llm [MODEL] [options]` asks a model; `%llm COMMAND` does the rest: see `%llm help`."""
        # Imported with the first use, so that loading the extension takes no time.
        settings = cast("Any", self)
        if cell is None:
            from .commands import run_command

            return run_command(self.session, settings, line)
        from .cell_magic import run_cell

        return run_cell(self.session, settings, line, cell)

    @no_var_expand
    @line_cell_magic
    @one_line_errors
    def rag(self, line: str, cell: str | None = None) -> None:
        """Retrieval; refused until this version has it."""
        raise MeshMagicError(
            "Retrieval (%rag and %%rag) is not part of this version yet: put text into a %%llm "
            "cell with {{variable}}."
        )
