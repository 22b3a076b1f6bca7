"""The magics, and what they show. Holds no key and decides nothing: the gateway does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics, Tab completion and the front end's comm with this shell."""
    from . import startup
    from .magics import LlmMagics

    startup.load_ipython_extension(shell)
    shell.register_magics(LlmMagics)
