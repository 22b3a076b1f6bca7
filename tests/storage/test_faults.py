"""Crash points are armed by the environment alone; a wrong plan is refused, not ignored."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from .processes import ROOT

PROGRAM = """
from jupyter_mesh.spi.faults import fault_point
for number in range(5):
    print(number, flush=True)
    fault_point("a.b")
    fault_point("a.c")
"""


def run(plan: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={"JUPYTER_MESH_FAULT": plan},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("plan", "printed"), [("kill:a.b:1", 1), ("kill:a.c:4", 4)])
def test_the_process_ends_at_the_passage_asked_for(plan: str, printed: int) -> None:
    done = run(plan)
    assert done.returncode == -signal.SIGKILL
    assert len(done.stdout.splitlines()) == printed


@pytest.mark.parametrize("plan", ["", "kill:a.b:6", "kill:a.d:1"])
def test_other_plans_leave_the_process_alone(plan: str) -> None:
    done = run(plan)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 5)


@pytest.mark.parametrize("plan", ["kill", "kill:a.b", "stop:a.b:1", "kill:a.b:x", "kill::1"])
def test_a_plan_that_cannot_be_read_is_refused(plan: str) -> None:
    done = run(plan)
    assert done.returncode == 1
    assert plan in done.stderr
