"""`%llm help`, made from the tables that the parser reads."""

from __future__ import annotations

from collections.abc import Mapping

from .options import OPTIONS

_ABOUT = """\
%%llm [MODEL or ALIAS] [options]     the cell's text is the prompt

{{expression}} is replaced by its value in the notebook, once. A DataFrame goes in as its column
types and first rows; {{table!whole}} puts in all of it. Each cell stands alone unless it names a
--thread or asks for --history; `%config LlmMagics.thread = "NAME"` makes all cells one talk.

options"""


def help_text(commands: Mapping[str, str]) -> str:
    """Usage of the cell magic, its options, and the commands given with their explanations."""
    options = {
        " ".join(filter(None, (" ".join(option.flags), option.metavar))): option.help
        + (" (may be repeated)" if option.many else "")
        for option in OPTIONS
    }
    return "\n".join([_ABOUT, *_two_columns(options), "", "commands", *_two_columns(commands)])


def _two_columns(lines: Mapping[str, str]) -> list[str]:
    width = max(len(left) for left in lines)
    return [f"  {left.ljust(width)}  {right}" for left, right in lines.items()]
