"""The table people read and the JSON file machines read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

Row = dict[str, str | float]


def table(rows: Sequence[Row]) -> str:
    """Markdown, columns in the order of the first row."""
    if not rows:
        return ""
    names = list(rows[0])
    lines = [" | ".join(names), " | ".join("---" for _ in names)]
    lines += [" | ".join(_cell(row.get(name, "")) for name in names) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.3f}"


def write(path: Path, sections: Mapping[str, Sequence[Row]]) -> None:
    """One JSON object: section name to rows."""
    path.write_text(json.dumps(sections, indent=2) + "\n", encoding="utf-8")
