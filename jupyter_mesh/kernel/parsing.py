"""A magic's line into options; every mistake is one line that names what is valid."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from .errors import MeshMagicError
from .options import BY_FLAG, LATER, CellOptions, Option


def parse_cell_line(line: str) -> CellOptions:
    """The options of a `%%llm` line.

    Raises:
        MeshMagicError: The line cannot be understood.
    """
    return parse_words(split(line))


def parse_words(line: Iterable[str]) -> CellOptions:
    """The options that these words are.

    Raises:
        MeshMagicError: They cannot be understood.
    """
    options = CellOptions()
    given: set[str] = set()
    words = iter(line)
    for word in words:
        if not _is_flag(word):
            _set_model(options, word)
            continue
        option, value = _read_option(word, words)
        if option.many:
            getattr(options, option.name).append(value)
        elif option.name in given:
            raise MeshMagicError(f"{option.flags[-1]} is given twice.")
        else:
            setattr(options, option.name, value)
        given.add(option.name)
    _check(options, given)
    return options


def split(line: str) -> list[str]:
    """Words of a line; quotes keep spaces together, a backslash is a backslash.

    Raises:
        MeshMagicError: A quote is not closed.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        raise MeshMagicError(
            'A quote is not closed: write text with spaces as "text with spaces".'
        ) from None


def nearest(word: str, valid: Iterable[str]) -> str:
    """`; did you mean …?` when something is near, otherwise what there is."""
    choices = list(valid)
    # A model is often named without its connection.
    by_ending = {name.rpartition("/")[2]: name for name in choices} | {
        name: name for name in choices
    }
    near = get_close_matches(word, by_ending, n=1, cutoff=0.6)
    return f"did you mean {by_ending[near[0]]}?" if near else f"there are {', '.join(choices)}."


def _is_flag(word: str) -> bool:
    return len(word) > 1 and word.startswith("-") and not word[1].isdigit()


def _set_model(options: CellOptions, word: str) -> None:
    if options.model is not None:
        raise MeshMagicError(
            f"One model stands on the line, not {options.model!r} and {word!r}: the prompt begins "
            "on the next line; for several models use --compare M1,M2."
        )
    options.model = word


def _read_option(word: str, words: Iterator[str]) -> tuple[Option, object]:
    flag, equals, text = word.partition("=")
    if flag in LATER:
        raise MeshMagicError(LATER[flag] + ".")
    option = BY_FLAG.get(flag)
    if option is None:
        raise MeshMagicError(f"No option {flag}: {nearest(flag, BY_FLAG)}")
    if option.metavar is None:
        if equals:
            raise MeshMagicError(f"{flag} takes no value.")
        return option, True
    if not equals:
        text = next(words, "")
        if not text or text in BY_FLAG:
            raise MeshMagicError(f"{flag} needs a value: {flag} {option.metavar}.")
    try:
        return option, option.read(text)
    except ValueError:
        raise MeshMagicError(f"{flag} takes {option.metavar}, not {text!r}.") from None


def _check(options: CellOptions, given: set[str]) -> None:
    if options.compare:
        clash = given & {"thread", "new", "history", "schema"}
        if options.model is not None:
            raise MeshMagicError(
                f"--compare names all models: add {options.model!r} to it instead of before it."
            )
        if clash or options.format == "code":
            other = f"--{sorted(clash)[0]}" if clash else "--format code"
            raise MeshMagicError(f"--compare and {other} exclude each other: use one of them.")
    if options.schema and options.format not in (None, "json"):
        raise MeshMagicError("--schema answers are JSON: leave --format out.")
