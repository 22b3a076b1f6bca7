"""Run targets of the Makefile, the last beside the others: ``suites.py test-python test-browser``.

Tests wait for servers and browsers that they start, so two suites keep two cores busy where one
does not; so do checks. What the others print is seen as it comes, and what the last one printed
at the end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

WRITTEN = Path(".make")


def command(suite: str) -> list[str]:
    """What `make` is to do."""
    return [os.environ.get("MAKE", "make"), "--no-print-directory", suite]


def main(suites: list[str]) -> None:
    """Run them all, whatever fails.

    Raises:
        SystemExit: Some have failed, or it was interrupted.
    """
    *shown, beside = suites
    # An interrupt reaches the suites as well: they clean up behind themselves and end.
    interrupted = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    log = WRITTEN / f"{beside}.log"
    WRITTEN.mkdir(exist_ok=True)
    with log.open("wb") as output:
        other = subprocess.Popen(command(beside), stdout=output, stderr=subprocess.STDOUT)
    print(f"{beside} runs beside the others, and writes to {log}.", flush=True)
    failed = []
    for suite in shown:
        if not interrupted.is_set() and subprocess.Popen(command(suite)).wait():
            failed.append(suite)
    if other.poll() is None:
        print(f"Waiting for {beside}.", flush=True)
    if other.wait():
        failed.append(beside)
    print(log.read_text("utf8", "replace"), flush=True)
    if failed or interrupted.is_set():
        sys.exit(f"failed: {' '.join(failed)}")


if __name__ == "__main__":
    main(sys.argv[1:])
