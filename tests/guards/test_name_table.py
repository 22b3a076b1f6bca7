"""Names as keyed hashes in a file: nothing is lost, nothing is told, nothing damaged is used."""

from __future__ import annotations

import os
import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from jupyter_mesh.guards.name_table import BEGINS, CurrentTable, NameTable, UnusableTable
from jupyter_mesh.guards.name_table_writer import NameTableWriter
from jupyter_mesh.guards.name_words import beginning_of

KEY, OTHER = bytes(range(32)), bytes(32)


def write(path: Path, forms: dict[str, list[int]], key: bytes = KEY, source: str = "s") -> None:
    with NameTableWriter(path, key) as writer:
        for form, entities in forms.items():
            for entity in entities:
                writer.add({form}, entity)
        writer.finish(source=source, built_at=1.0, entities=("A", "B", "C"))


def some(count: int, seed: int) -> dict[str, list[int]]:
    rng = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz "
    return {
        "".join(rng.choices(letters, k=rng.randint(2, 20))): rng.sample(
            [1, 2, 3], rng.randint(1, 3)
        )
        for _ in range(count)
    }


@pytest.mark.parametrize("count", [1, 2, 300, 20_000])
def test_every_name_is_there_with_its_entities_and_no_other(tmp_path: Path, count: int) -> None:
    path, forms = tmp_path / "t", some(count, 7)
    write(path, forms)
    table = NameTable(path, KEY, "s")
    for form, entities in forms.items():
        assert Counter(table.lookup(form)) == Counter(entities)
        if (beginning := beginning_of(form)) is not None:
            assert table.lookup(beginning) == bytes((BEGINS,))
    others = [form for form in some(count + 500, 8) if form not in forms]
    assert [form for form in others if table.lookup(form)] == []
    assert table.header.forms == sum(map(len, forms.values()))


def test_a_name_that_comes_again_stands_there_once(tmp_path: Path) -> None:
    path = tmp_path / "t"
    with NameTableWriter(path, KEY) as writer:
        for _ in range(5000):
            writer.add({"initech"}, 1)
        header = writer.finish(source="s", built_at=1.0, entities=("A",))
    assert (header.names, header.forms) == (5000, 1)
    assert NameTable(path, KEY, "s").lookup("initech") == b"\x01"


def test_neither_a_name_nor_the_key_lies_in_the_file_and_only_its_owner_reads_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t"
    write(path, {"initech": [1], "globexcorporation": [2]})
    content = path.read_bytes()
    for plain in (b"initech", b"globex", KEY, KEY.hex().encode()):
        assert plain not in content
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in tmp_path.iterdir()] == ["t"]


def test_the_same_names_under_another_key_look_like_others(tmp_path: Path) -> None:
    write(tmp_path / "a", {"initech": [1]})
    write(tmp_path / "b", {"initech": [1]}, OTHER)
    mine, theirs = ((tmp_path / name).read_bytes().partition(b"\n")[2] for name in "ab")
    assert mine.strip(b"\0") != theirs.strip(b"\0")


@pytest.mark.parametrize(("key", "source"), [(OTHER, "s"), (KEY, "other")])
def test_a_table_of_another_key_or_list_is_not_used(
    tmp_path: Path, key: bytes, source: str
) -> None:
    write(tmp_path / "t", {"initech": [1]})
    with pytest.raises(UnusableTable):
        NameTable(tmp_path / "t", key, source)


@pytest.mark.parametrize("damage", ["shorter", "longer", "empty", "text", "magic", "missing"])
def test_a_damaged_table_is_not_used(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "t"
    write(path, some(300, 1))
    content = path.read_bytes()
    damaged = {
        "shorter": content[:-8],
        "longer": content + bytes(8),
        "empty": b"",
        "text": b"hello\n",
        "magic": content.replace(b"names 1", b"names 0", 1),
    }
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(damaged[damage])
    with pytest.raises(UnusableTable):
        NameTable(path, KEY, "s")


def test_whoever_uses_it_goes_over_to_a_new_version_and_keeps_the_old_where_that_is_no_good(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t"
    current = CurrentTable(path, KEY, "s")
    with pytest.raises(UnusableTable):
        current.get()
    write(path, {"initech": [1]})
    assert current.get().lookup("initech")
    assert current.get() is current.get()
    write(path, {"globex": [1]})
    assert current.get().lookup("globex")
    assert not current.get().lookup("initech")
    bad = path.with_name("bad")
    bad.write_bytes(b"garbage")
    os.replace(bad, path)
    assert current.get().lookup("globex")
    path.unlink()
    assert current.get().lookup("globex")


def test_what_fails_leaves_the_table_before_and_no_file(tmp_path: Path) -> None:
    path = tmp_path / "t"
    write(path, {"initech": [1]})
    with suppress(RuntimeError), NameTableWriter(path, KEY) as writer:
        writer.add({"globex"}, 1)
        raise RuntimeError
    assert NameTable(path, KEY, "s").lookup("initech")
    assert [one.name for one in tmp_path.iterdir()] == ["t"]
