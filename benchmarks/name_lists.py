"""What a list of names costs: to build, to keep, and to look a text through for it."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from jupyter_mesh.guards.database import PLAIN_UP_TO, spans_in
from jupyter_mesh.guards.name_builder import FRAMES, Built, Plain, Task
from jupyter_mesh.guards.name_list import Names
from jupyter_mesh.guards.name_table import NameTable

from .report import Row

_SYLLABLES = [first + second for first in "bdklmnprst" for second in "aeiou"]
_TEXT = (
    "The quarterly figures were sent to the team on Monday; please write a short summary of the "
    "main risks, then list what changed since the last report and who should be told about it "
    "before the next meeting. "
)
_KEY = bytes(32)


def name_list_sections(folder: Path, sizes: list[int], quick: bool) -> dict[str, list[Row]]:
    """A row for each size, smallest first."""
    return {"names": [_row(folder, size, 100 if quick else 1000) for size in sorted(sizes)]}


def _row(folder: Path, size: int, times: int) -> Row:
    database = folder / f"names-{size}.db"
    last = _filled(database, size)
    task = Task(
        url=f"sqlite:///{database}",
        password=None,
        query="SELECT name FROM people",
        columns={"name": "PERSON"},
        shortest=2,
        plain=PLAIN_UP_TO,
        file=folder / f"names-{size}.names",
        key=_KEY.hex(),
        source="bench",
        since=0.0,
    )
    seconds, mebibytes, plain, built = _built(task)
    table = NameTable(task.file, _KEY, "bench")
    text = (_TEXT * 6)[: 999 - len(last)] + f" {last}"
    hashed = Names(table.lookup, table.header.entities, False)
    row: Row = {
        "names": str(size),
        "build s": seconds,
        "builder MiB": mebibytes,
        "file MB": task.file.stat().st_size / 1e6,
        "hashed, 1 kB p50 ms": _looked_through(text, hashed, times),
        "plain, 1 kB p50 ms": "not kept",
    }
    if built.plain:
        row["plain, 1 kB p50 ms"] = _looked_through(
            text, Names(plain.get, built.entities, True), times
        )
    return row


def _filled(database: Path, size: int) -> str:
    """A table of made-up people; the last of them."""
    made = _people(size)
    last = ""

    def rows() -> Iterator[tuple[str]]:
        nonlocal last
        for last in made:
            yield (last,)

    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
        connection.executemany("INSERT INTO people VALUES (?)", rows())
        connection.commit()
    return last


def _people(size: int) -> Iterator[str]:
    rng = random.Random(1)

    def word() -> str:
        return "".join(rng.choices(_SYLLABLES, k=rng.randint(2, 4))).title()

    for number in range(size):
        yield f"{word()} {word()}" + (f" {word()}" if number % 3 == 0 else "")


def _built(task: Task) -> tuple[float, float, dict[str, bytes], Built]:
    """(seconds, most memory of the process in MiB, names in memory, what it said)."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyter_mesh.guards.name_builder"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(task.model_dump_json().encode() + b"\n")
    process.stdin.flush()
    plain: dict[str, bytes] = {}
    built: Built | None = None
    for line in process.stdout:
        match FRAMES.validate_json(line):
            case Plain(forms=forms):
                plain |= {form: bytes(places) for form, places in forms.items()}
            case Built() as built:
                pass
            case failed:
                raise RuntimeError(json.dumps(failed.model_dump()))
    _, _, usage = os.wait4(process.pid, 0)
    assert built is not None
    return time.perf_counter() - began, usage.ru_maxrss / 1024, plain, built


def _looked_through(text: str, names: Names, times: int) -> float:
    """Milliseconds; the one name in it must be found."""
    taken: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        found = list(spans_in(text, names))
        taken.append(time.perf_counter() - began)
        assert found[-1].end == len(text), "the name was not found"
    return median(taken) * 1e3
