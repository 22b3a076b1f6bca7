"""Why a guard failed: in words for admins, without a word of the texts that it saw."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Sequence
from typing import TypeVar

from ..errors import MeshError, ScreeningUnavailable, Unavailable
from ..outbound.scrub import scrub

_log = logging.getLogger("jupyter_mesh")
_MOST_READ = 200_000
"""Characters of texts that a message is held against; beside longer ones only its code is told."""
_Closed = TypeVar("_Closed", bound=Unavailable)


def because_of(closed: _Closed, guard: str, error: Exception, texts: Sequence[str]) -> _Closed:
    """`closed`, which knows now which guard failed and why; the log is told."""
    closed.guard, closed.why = guard, why(error, texts)
    closed.retry_after = getattr(error, "retry_after", None)
    if isinstance(error, ScreeningUnavailable):  # says itself what is out of order
        closed.message = f"{closed.message} {closed.why}"
        closed.args = (closed.message,)
    _log.warning("The guard %r failed: %s", guard, closed.why)
    return closed


def why(error: Exception, texts: Sequence[str]) -> str:
    """What happened: in the words of an error that is meant to be read, else by kind and place."""
    if isinstance(error, TimeoutError):
        return "It took too long."
    if not isinstance(error, MeshError):
        place = traceback.extract_tb(error.__traceback__)[-1]
        file = os.path.basename(place.filename)
        return f"{type(error).__name__} in {file}, line {place.lineno}."
    if sum(map(len, texts)) > _MOST_READ:
        return f"{error.code}."
    return scrub(error.message, (), texts)
