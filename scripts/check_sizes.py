"""Files and functions stay short: past the bounds a second idea hides inside."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_WARN, FILE_FAIL = 300, 400
TESTS_FAIL = 600
"""Tables of cases make a test file long without making it hard."""
FUNCTION_FAIL = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tracked(*patterns: str) -> list[Path]:
    """Files in git or about to be, without the generated ones."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    paths = [Path(name) for name in names if name and not name.endswith("_schema.ts")]
    return [path for path in paths if path.is_file()]


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    end = function.end_lineno or function.lineno
    first = function.body[0]
    is_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if is_docstring else 0
    return end - function.lineno + 1 - docstring


def long_functions(path: Path) -> Iterator[str]:
    """One line for each function of a Python file that is too long."""
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, Function) and length(node) > FUNCTION_FAIL:
            where = f"{path}:{node.lineno}: {node.name}"
            yield f"{where}: {length(node)} lines (at most {FUNCTION_FAIL})"


def main() -> int:
    """Print what is long; fail on what is too long."""
    failures: list[str] = []
    for path in tracked("*.py", "*.ts", "*.tsx"):
        lines = len(path.read_text("utf8").splitlines())
        most = TESTS_FAIL if path.parts[0] in ("tests", "ui-tests") else FILE_FAIL
        if lines > most:
            failures.append(f"{path}: {lines} lines (at most {most})")
        elif lines > FILE_WARN:
            print(f"warning: {path}: {lines} lines (aim for {FILE_WARN})")
        if path.suffix == ".py":
            failures.extend(long_functions(path))
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
