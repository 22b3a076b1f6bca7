"""A process of its own that reads a list of names and writes its table, so that neither the query
nor ten million names weigh on the gateway. `python -m jupyter_mesh.guards.name_builder` reads a
`Task` from its standard input and answers on its standard output, a line of JSON each: `Plain`, any
number of times, and at last `Built` or `Failed`.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, TypeAdapter

from .name_query import QueryFailed, read_names
from .name_table import BEGINS, Header, NameTable, UnusableTable
from .name_table_writer import NameTableWriter
from .name_words import beginning_of, forms_of

_PLAIN_AT_ONCE = 250


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Task(_Frame):
    """What to read and where to put it.

    Attributes:
        columns: Of the result, with the entity of each.
        shortest: Letters and digits that a name must have.
        plain: Up to how many names are told, not only hashed.
        file: The table.
        key: What names are hashed with, hexadecimal.
        source: Which list it is.
        since: A table that is at least so new, in seconds since 1970, is good enough.
    """

    url: str
    password: str | None
    query: str
    columns: dict[str, str]
    shortest: int
    plain: int
    file: Path
    key: str
    source: str
    since: float


class Plain(_Frame):
    """Some forms of names, with their entity's place in the list of entities, from 1."""

    kind: Literal["plain"] = "plain"
    forms: dict[str, list[int]]


class Built(_Frame):
    """The table is in place; `plain`: all names were told."""

    kind: Literal["built"] = "built"
    names: int
    forms: int
    plain: bool
    entities: tuple[str, ...]


class Failed(_Frame):
    """Why there is no new table; holds no password and no name."""

    kind: Literal["failed"] = "failed"
    why: str


Frame: TypeAlias = Plain | Built | Failed
FRAMES: TypeAdapter[Frame] = TypeAdapter(Plain | Built | Failed)


def build(task: Task) -> Iterator[Frame]:
    """Do it, telling of it as it goes."""
    try:
        task.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(task.file):
            if not task.plain and (header := _made_meanwhile(task)) is not None:
                yield Built(
                    names=header.names, forms=header.forms, plain=False, entities=header.entities
                )
            else:
                yield from _build(task)
    except QueryFailed as error:
        yield Failed(why=str(error))
    except OSError as error:
        yield Failed(why=f"The table cannot be written: {error.strerror}.")


def _build(task: Task) -> Iterator[Frame]:
    began = time.time()
    entities = tuple(dict.fromkeys(task.columns.values()))
    place_of = [entities.index(entity) + 1 for entity in task.columns.values()]
    told: dict[str, set[int]] | None = {} if task.plain else None
    with NameTableWriter(task.file, bytes.fromhex(task.key)) as writer:
        for column, name in read_names(task.url, task.password, task.query, [*task.columns]):
            forms = forms_of(name, task.shortest)
            if not forms:
                continue
            writer.add(forms, place_of[column])
            if told is not None:
                _tell(told, forms, place_of[column])
                if writer.names > task.plain:
                    told = None
        if not writer.names:
            raise QueryFailed("The query returned no names.")
        header = writer.finish(source=task.source, built_at=began, entities=entities)
    every = list((told or {}).items())
    for at in range(0, len(every), _PLAIN_AT_ONCE):
        some = every[at : at + _PLAIN_AT_ONCE]
        yield Plain(forms={form: sorted(places) for form, places in some})
    yield Built(names=header.names, forms=header.forms, plain=told is not None, entities=entities)


def _tell(told: dict[str, set[int]], forms: Iterable[str], place: int) -> None:
    for form in forms:
        told.setdefault(form, set()).add(place)
        if (beginning := beginning_of(form)) is not None:
            told[beginning] = {BEGINS}


def _made_meanwhile(task: Task) -> Header | None:
    """What another gateway on this machine has just made of the same list."""
    try:
        header = NameTable(task.file, bytes.fromhex(task.key), task.source).header
    except UnusableTable:
        return None
    return header if header.built_at >= task.since else None


@contextmanager
def _alone(file: Path) -> Generator[None]:
    """Nobody else on this machine builds this table meanwhile; what builders left who were killed
    is removed.
    """
    with file.with_name(f"{file.name}.lock").open("w") as lock:
        if sys.platform != "win32":
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        for left in file.parent.glob(f"{_literal(file.name)}.*/"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _literal(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)


def _end_with_gateway() -> None:
    """Standard input ends with the gateway, however that ends."""
    while os.read(0, 1024):
        pass
    os._exit(1)


def main() -> None:
    """Build what standard input says."""
    task = Task.model_validate_json(sys.stdin.buffer.readline())
    Thread(target=_end_with_gateway, daemon=True).start()
    for frame in build(task):
        sys.stdout.buffer.write(frame.model_dump_json().encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
