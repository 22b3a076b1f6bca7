"""What a mapping has done so far, on disk: one JSON line per row, only ever appended to."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ..schemas.json import Json, JsonObject, as_object, as_str
from .call import ChatCall


class Journal:
    """Results by key. Without a path they live in memory only.

    A line that a crash has cut short is passed over; its row is asked again.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._done: dict[str, JsonObject] = {}
        if path is not None and path.exists():
            self._read(path)

    def __contains__(self, key: str) -> bool:
        return key in self._done

    def __getitem__(self, key: str) -> JsonObject:
        return self._done[key]

    def add(self, key: str, result: JsonObject) -> None:
        """Keep a result; it is in the file before this returns.

        Raises:
            OSError: The file cannot be written.
        """
        self._done[key] = result
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"key": key, **result}, ensure_ascii=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def _read(self, path: Path) -> None:
        raw = path.read_bytes()
        for line in raw.splitlines():
            try:
                entry = as_object(json.loads(line))
            except ValueError:
                continue
            key = as_str(entry.pop("key", None)) if entry else None
            if entry and key:
                self._done[key] = entry
        if raw and not raw.endswith(b"\n"):
            with path.open("ab") as file:
                file.write(b"\n")


def row_keys(calls: Iterable[ChatCall]) -> list[str]:
    """A key for each row: its whole request, and which of the equal requests it is.

    So rows may be added, dropped or reordered between two runs, and equal rows stay separate.
    """
    seen: Counter[str] = Counter()
    keys: list[str] = []
    for call in calls:
        request = fingerprint(call.body(stream=False))
        keys.append(fingerprint([request, seen[request]]))
        seen[request] += 1
    return keys


def fingerprint(value: Json) -> str:
    """SHA-256 of the value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
