"""Programs that some tests need and pip cannot install.

A test says ``@pytest.mark.needs("chromium")``. `make test` installs what the tests ask for when it
runs as root on Debian or Ubuntu; for anybody else it names the missing part with its install line,
and the tests that need it are reported as not run.
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


PARTS = {
    "chromium": Part("chromium", ("chromium", "fonts-dejavu-core")),
    "redis": Part("redis-server", ("redis-server",)),
    "systemd": Part("systemd-analyze", ("systemd",)),
    "postgresql": Part("initdb", ("postgresql",), ("usr/lib/postgresql/*/bin/initdb",)),
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
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [package for part in missing for package in part.packages]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        print(f"installing {' '.join(packages)}", flush=True)
        for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-qq", *command], env=environment, check=False)
    for part in missing:
        if not part.find():
            print(f"{part.program} is missing, its tests are not run: {part.install_line}")


if __name__ == "__main__":
    main(sys.argv[1:])
