"""Which files are offered."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from jupyter_mesh.mesh import record_files


@pytest.mark.parametrize("installed", [True, False])
def test_parquet_is_offered_where_it_can_be_written(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def found(name: str) -> object:
        asked.append(name)
        return find_spec("json") if installed else None

    monkeypatch.setattr(record_files, "find_spec", found)
    record_files.file_formats.cache_clear()
    try:
        formats = record_files.file_formats()
    finally:
        record_files.file_formats.cache_clear()
    assert formats == (("jsonl", "csv", "parquet") if installed else ("jsonl", "csv"))
    assert asked == ["pyarrow"]
