"""Starts `gateway_process.py` and reads what it was certain of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def start(
    store: Path | str,
    *,
    prefix: str = "c",
    calls: int = 10,
    at_once: int = 1,
    limit: str = "100",
    end: str = "exit",
    env: dict[str, str] | None = None,
    **options: Any,
) -> subprocess.Popen[str]:
    arguments = [str(store), prefix, str(calls), str(at_once), limit, end]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.storage.gateway_process", *arguments],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def said(output: str) -> dict[str, list[str]]:
    """Ids by what was said of them."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in output.splitlines():
        what, _, call_id = line.partition(" ")
        found[what].append(call_id)
    return found


def finish(process: subprocess.Popen[str]) -> dict[str, list[str]]:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return said(output)
