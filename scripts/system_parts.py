"""What some tests need besides the packages of this environment.

A part is a program that pip cannot install, or packages that cannot stand beside ours. A test says
``@pytest.mark.needs("chromium")``. `make test` installs what the tests ask for: programs when it
runs as root on Debian or Ubuntu, packages for everybody, into an environment of their own below
`.make`. What is missing is named with its install line, and the tests that need it are reported as
not run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Part:
    """A program, where it may lie, and the Debian packages that bring it."""

    program: str
    packages: tuple[str, ...]
    places: tuple[str, ...] = ()

    def find(self) -> Path | None:
        """The program's path, or None where it is missing."""
        if found := shutil.which(self.program):
            return Path(found)
        return next((path for place in self.places for path in sorted(Path("/").glob(place))), None)

    @property
    def install_line(self) -> str:
        """What a person types to get it."""
        return f"sudo apt-get install {' '.join(self.packages)}"


@dataclass(frozen=True)
class Environment:
    """A virtual environment of its own, for packages that want others than ours beside them."""

    program: str
    packages: tuple[str, ...]
    folder: Path

    def find(self) -> Path | None:
        """Its Python, or None where it was not made with these packages."""
        made = self._stamp.exists() and self._stamp.read_text("utf8") == "\n".join(self.packages)
        return self._python if made and self._python.exists() else None

    @property
    def install_line(self) -> str:
        """What a person types to get it."""
        return "python scripts/system_parts.py tests"

    def make(self) -> None:
        """Make it anew; where that fails it is missing."""
        quiet = ("install", "--quiet", "--disable-pip-version-check")
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(self.folder)],
            [str(self._python), "-m", "pip", *quiet, *self.packages],
        ):
            if subprocess.run(command, check=False).returncode:
                return
        self._stamp.write_text("\n".join(self.packages), "utf8")

    @property
    def _python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def _stamp(self) -> Path:
        return self.folder / "packages.txt"


_MADE = Path(__file__).resolve().parents[1] / ".make" / "environments"
PARTS: dict[str, Part | Environment] = {
    "chromium": Part("chromium", ("chromium", "fonts-dejavu-core")),
    "redis": Part("redis-server", ("redis-server",)),
    "systemd": Part("systemd-analyze", ("systemd",)),
    "postgresql": Part("initdb", ("postgresql",), ("usr/lib/postgresql/*/bin/initdb",)),
    "llama-index": Environment(
        "llama-index",
        ("llama-index-llms-openai==0.8.3", "llama-index-embeddings-openai", "openai<3"),
        _MADE / "llama-index",
    ),
}

_MARK = re.compile(r"\bneeds\(([^)]*)\)")
_NAME = re.compile(r"""["']([\w-]+)["']""")


def needed_by(folders: Iterable[Path]) -> list[str]:
    """The parts that test files below `folders` ask for."""
    sources = (path.read_text("utf8") for folder in folders for path in folder.rglob("*.py"))
    marks = (mark for source in sources for mark in _MARK.findall(source))
    return sorted({name for mark in marks for name in _NAME.findall(mark)} & PARTS.keys())


def main(folders: list[str]) -> None:
    """Install the missing parts where that is allowed, else say how."""
    missing = [PARTS[name] for name in needed_by(map(Path, folders)) if not PARTS[name].find()]
    programs = [part for part in missing if isinstance(part, Part)]
    if programs and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [package for part in programs for package in part.packages]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        print(f"installing {' '.join(packages)}", flush=True)
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-qq", *command], env=environment, check=False)
    for part in missing:
        if isinstance(part, Environment):
            print(f"installing {' '.join(part.packages)}", flush=True)
            part.make()
    for part in missing:
        if not part.find():
            print(f"{part.program} is missing, its tests are not run: {part.install_line}")


if __name__ == "__main__":
    main(sys.argv[1:])
