"""Run every test that repeats itself at its full count, each with a seed of its own.

A round of a test is one pytest process. What passed at this commit is not run again, so a soak that
was stopped goes on; it starts no further test after its hours are over.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

RECORD = Path(".make/soak.jsonl")
PYTEST = [sys.executable, "-m", "pytest", "--no-header", "-q"]


def soak_tests() -> list[str]:
    """Node ids of the tests that have a full count."""
    collect = subprocess.run(
        [*PYTEST, "--collect-only", "-m", "soak", "tests"], stdout=subprocess.PIPE, text=True
    )
    if collect.returncode not in (0, 5):  # 5: nothing collected
        raise SystemExit(collect.stdout)
    return [line for line in collect.stdout.splitlines() if "::" in line]


def commit() -> str:
    """The commit that is tested, marked when files differ from it."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty"]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def recorded(revision: str) -> list[dict[str, object]]:
    """What earlier runs found at this commit."""
    if not RECORD.is_file():
        return []
    rows = [json.loads(line) for line in RECORD.read_text("utf8").splitlines()]
    return [row for row in rows if row["commit"] == revision]


def run(test: str, revision: str) -> dict[str, object]:
    """Run one test at its full count and write down how it went."""
    seed, start = secrets.randbelow(2**32), time.monotonic()
    environment = {**os.environ, "MESH_SOAK": "1", "MESH_SEED": str(seed)}
    done = subprocess.run([*PYTEST, "--timeout=0", test], env=environment)
    row: dict[str, object] = {
        "commit": revision,
        "test": test,
        "seed": seed,
        "passed": done.returncode == 0,
        "seconds": round(time.monotonic() - start),
    }
    RECORD.parent.mkdir(exist_ok=True)
    with RECORD.open("a", encoding="utf8") as record:
        record.write(json.dumps(row) + "\n")
    return row


def main() -> int:
    """Soak until everything has run or the hours are over, then report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=2.0)
    end = time.monotonic() + parser.parse_args().hours * 3600
    revision, tests = commit(), soak_tests()
    passed = {str(row["test"]) for row in recorded(revision) if row["passed"]}
    for test in tests:
        if test not in passed and time.monotonic() < end:
            run(test, revision)
    rows = {str(row["test"]): row for row in recorded(revision)}
    for test in tests:
        row = rows.get(test)
        state = "not run" if row is None else "passed" if row["passed"] else "FAILED"
        detail = "" if row is None else f"  seed {row['seed']}, {row['seconds']} s"
        print(f"{state:8}{test}{detail}")
    print(f"{len(tests)} tests at {revision}, recorded in {RECORD}")
    return 0 if tests and all(rows.get(test, {}).get("passed") for test in tests) else 1


if __name__ == "__main__":
    sys.exit(main())
