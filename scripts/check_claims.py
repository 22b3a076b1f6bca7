"""Each row of docs/claims.md names what shows it, and that test or make target exists; so does each
promise of SECURITY.md.

| issue | noun | shown by | status |
|---|---|---|---|
| 2 | one wheel | `tests/test_packaging.py::test_every_entry_point_can_be_loaded` | shown |

"shown by" holds one or more of `path::test name` (Python: the function, `Class::function` too;
TypeScript: the title) and `make target`, each between backticks.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

CLAIMS = Path("docs/claims.md")
PROMISES = Path("SECURITY.md")
COLUMNS = ["issue", "noun", "shown by", "status"]


def rows(text: str) -> list[tuple[int, list[str]]]:
    """Line number and cells of each row of the file's tables, without their heads."""
    found: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if [cell.lower() for cell in cells] == COLUMNS or set("".join(cells)) <= set("-: "):
            continue
        found.append((number, cells))
    return found


def names_in(scope: ast.Module | ast.ClassDef, prefix: str = "") -> set[str]:
    """Functions of a test file by name, those of classes as `Class::function`."""
    found: set[str] = set()
    for node in scope.body:
        if isinstance(node, ast.ClassDef):
            found |= names_in(node, f"{node.name}::")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(prefix + node.name)
    return found


def exists(evidence: str) -> bool:
    """Whether a test or a make target of this name exists."""
    if evidence.startswith("make "):
        target = re.escape(evidence.split()[1])
        return re.search(rf"^{target}:", Path("Makefile").read_text("utf8"), re.M) is not None
    name, separator, test = evidence.partition("::")
    path = Path(name)
    if not separator or not path.is_file():
        return False
    text = path.read_text("utf8")
    if path.suffix == ".py":
        return test.partition("[")[0] in names_in(ast.parse(text))
    return re.search(rf"""\b(test|it)\(\s*['"`]{re.escape(test)}['"`]""", text) is not None


def faults(text: str) -> list[str]:
    """What is wrong with the table, a line each."""
    found: list[str] = []
    for number, cells in rows(text):
        if len(cells) != len(COLUMNS):
            found.append(f"{CLAIMS}:{number}: {len(cells)} columns, not {len(COLUMNS)}")
            continue
        evidence = re.findall(r"`([^`]+)`", cells[2])
        if not evidence and cells[3] != "not built":
            found.append(f"{CLAIMS}:{number}: nothing shows {cells[1]!r}")
        found += [f"{CLAIMS}:{number}: no {item!r}" for item in evidence if not exists(item)]
    return found


def broken_promises(text: str) -> list[str]:
    """Promises of SECURITY.md that no test shows, or only one that is not there."""
    found: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not (line.startswith("|") and "::" in line):
            continue
        evidence = re.findall(r"`([^`]+)`", line)
        found += [f"{PROMISES}:{number}: no {item!r}" for item in evidence if not exists(item)]
    promised = set(re.findall(r"^(\d+)\. ", text, re.M))
    shown = set(re.findall(r"^\| (\d+)\. .*::", text, re.M))
    found += [f"{PROMISES}: nothing shows promise {one}" for one in sorted(promised - shown)]
    return found


def main() -> int:
    """Print the rows that name nothing real."""
    text = CLAIMS.read_text("utf8")
    found = faults(text) + broken_promises(PROMISES.read_text("utf8"))
    if not rows(text):
        found.append(f"{CLAIMS}: no rows, columns are {' | '.join(COLUMNS)}")
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
