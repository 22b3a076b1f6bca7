"""Tab in `%%llm` cells: models, options, their values, commands and `{{variables}}`.

Done by the kernel, so that consoles and Notebook 7 have it too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from types import ModuleType
from typing import Any

from .commands import COMMANDS
from .options import BY_FLAG, OPTIONS, Option
from .session import Session

_OPEN_BRACES = re.compile(r"\{\{\s*(?:(\w+)\.)?(\w*)$")


def complete(session: Session, context: Any) -> Any:
    """What may stand at the cursor, for IPython's completer.

    Args:
        session: Knows models, threads and the notebook's variables.
        context: IPython's `CompletionContext`.
    """
    before = context.text_until_cursor
    if braces := _OPEN_BRACES.search(before):
        owner, start = braces.groups()
        return _result(context, start, _variables(session, owner))
    if before.lstrip().startswith(("%%llm", "%llm")):
        magic, *words = before.split() if before[-1:].isspace() else before.split()[:-1]
        word = "" if before[-1:].isspace() else before.split()[-1]
        if magic == "%%llm":
            word, choices = _for_cell(session, words, word)
            return _result(context, word, choices)
        if magic == "%llm":
            return _result(context, word, _for_command(session, words))
    return {"completions": []}


def _result(context: Any, word: str, choices: Iterable[str]) -> Any:
    from IPython.core.completer import SimpleCompletion

    # IPython splits words at more signs than we do: only what follows its split is completed.
    token = context.token if word.endswith(context.token) else word
    skip = len(word) - len(token)
    found = [SimpleCompletion(text[skip:], type="llm") for text in choices if text.startswith(word)]
    return {"completions": found, "matched_fragment": token, "suppress": bool(found)}


def _variables(session: Session, owner: str | None) -> list[str]:
    names = session.shell.user_ns
    if owner is not None:
        return [name for name in dir(names.get(owner)) if not name.startswith("_")]
    hidden = session.shell.user_ns_hidden
    return sorted(
        name
        for name, value in names.items()
        if not name.startswith("_") and name not in hidden and not isinstance(value, ModuleType)
    )


def _for_cell(session: Session, words: Sequence[str], word: str) -> tuple[str, list[str]]:
    """The word to complete and its choices, on a `%%llm` line."""
    option = BY_FLAG.get(words[-1]) if words else None
    if option is not None and option.metavar is not None:
        if option.name == "compare":
            word = word.rpartition(",")[2]
        return word, _values(session, option)
    flags = [flag for item in OPTIONS for flag in item.flags if item.many or flag not in words]
    if word.startswith("-"):
        return word, flags
    has_model = any(
        not part.startswith("-") and not (at and _takes_value(words[at - 1]))
        for at, part in enumerate(words)
    )
    return word, flags if has_model else [*_models(session), *flags]


def _takes_value(word: str) -> bool:
    option = BY_FLAG.get(word)
    return option is not None and option.metavar is not None


def _values(session: Session, option: Option) -> list[str]:
    names = session.shell.user_ns
    if option.name == "compare":
        return _models(session)
    if option.name == "thread":
        return session.threads.names(session.document)
    if option.name in ("schema", "image", "system"):
        wanted = {"schema": type | dict, "system": str, "image": object}[option.name]
        return [name for name in _variables(session, None) if isinstance(names[name], wanted)]
    return list(option.values)


def _for_command(session: Session, words: Sequence[str]) -> list[str]:
    """Choices on a `%llm` line."""
    match list(words):
        case []:
            return list(COMMANDS)
        case ["use"]:
            return [*_models(session), *session.catalogue.offers(), "--none"]
        case ["fix" | "explain" | "list"]:
            return _models(session)
        case ["history"]:
            return session.threads.names(session.document)
        case ["reset"]:
            return [*session.threads.names(session.document), "--all"]
        case ["alias"]:
            return ["--remove"]
        case ["alias", "--remove"]:
            return list(session.aliases)
        case ["alias", _]:
            return _models(session)
        case _:
            return []


def _models(session: Session) -> list[str]:
    return [*session.aliases, *session.catalogue.names()]
