"""Parts of `make test` and `make lint` run side by side; one that fails is named and fails all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "suites.py"
AWAIT = "for i in $$(seq 600); do [ -e {0} ] && exit 0; sleep 0.1; done; exit 1"


def start(folder: Path, **recipes: str) -> subprocess.Popen[str]:
    """Run suites that are shell commands, the last one beside the others."""
    rules = [f"{name}:\n\t@{recipe}\n" for name, recipe in recipes.items()]
    (folder / "Makefile").write_text("SHELL := bash\n" + "\n".join(rules))
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *recipes],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_the_last_one_runs_beside_the_others(tmp_path: Path) -> None:
    here = "touch python; " + AWAIT.format("browser")
    there = "touch browser; " + AWAIT.format("python")
    running = start(tmp_path, python=here, browser=there)
    assert running.communicate(timeout=90)[1] == ""
    assert running.returncode == 0


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        ((), ""),
        (("typescript",), "failed: typescript\n"),
        (("python",), "failed: python\n"),
        (("browser",), "failed: browser\n"),
        (("typescript", "browser"), "failed: typescript browser\n"),
    ],
)
def test_whatever_fails_all_run_and_it_is_named(
    tmp_path: Path, failing: tuple[str, ...], told: str
) -> None:
    names = ("typescript", "python", "browser")
    recipes = {name: f"echo saw {name}; {'false' if name in failing else ':'}" for name in names}
    running = start(tmp_path, **recipes)
    output, errors = running.communicate(timeout=90)
    assert [line for line in output.splitlines() if line.startswith("saw")] == [
        f"saw {name}" for name in names
    ]
    assert errors.endswith(told)
    assert running.returncode == (1 if failing else 0)


def test_what_the_last_one_printed_comes_in_one_piece_after_the_others(tmp_path: Path) -> None:
    here = "touch python; " + AWAIT.format("browser") + "; "
    there = "echo one; touch browser; sleep 0.5; echo two"
    running = start(
        tmp_path, python=here.replace("exit 0", "{ echo mine; exit 0; }"), browser=there
    )
    output, _ = running.communicate(timeout=90)
    assert [line for line in output.split() if line in ("one", "two", "mine")] == [
        "mine",
        "one",
        "two",
    ]


def test_an_interrupt_lets_those_that_run_clean_up_and_starts_no_other(tmp_path: Path) -> None:
    linger = "trap 'sleep 1; touch {0}-cleaned; exit 1' INT; touch {0}; while :; do sleep 0.1; done"
    recipes = {name: linger.format(name) for name in ("typescript", "python", "browser")}
    running = start(tmp_path, **recipes)
    deadline = time.monotonic() + 60
    while not all((tmp_path / name).exists() for name in ("typescript", "browser")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    running.communicate(timeout=90)
    assert running.returncode == 1
    assert {path.name for path in tmp_path.glob("*-cleaned")} == {
        "typescript-cleaned",
        "browser-cleaned",
    }
    assert not (tmp_path / "python").exists()
