"""Which versions of JupyterHub the mesh works with."""

from __future__ import annotations

import re
from dataclasses import dataclass

HEADER = "X-JupyterHub-Version"
"""Of every reply of a Hub."""
OLDEST = (5, 2, 0)
"""Older Hubs are refused: theirs are published holes in who may get which token."""
ADVISED = (5, 5, 1)
_NUMBERS = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a Hub's version.

    Attributes:
        refusal: Why it is not asked; None where it may be.
        warning: What its admin should know; None where there is nothing.
    """

    refusal: str | None = None
    warning: str | None = None


def judge(version: str | None) -> Verdict:
    """What is to be said of a Hub that calls itself `version`."""
    found = _NUMBERS.match(version or "")
    if found is None:
        return Verdict(refusal="What answers there does not say which version of JupyterHub it is.")
    numbers = tuple(int(part or 0) for part in found.groups())
    said = ".".join(map(str, numbers))
    if numbers < OLDEST:
        return Verdict(
            refusal=f"This is JupyterHub {said}; the mesh needs {_written(OLDEST)} or newer: "
            "upgrade the Hub."
        )
    if numbers < ADVISED:
        return Verdict(
            warning=f"This is JupyterHub {said}; upgrade it to {_written(ADVISED)} or newer, which "
            "closes published holes."
        )
    return Verdict()


def _written(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
