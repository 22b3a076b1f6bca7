"""Which guards do not work: as they tell it, and as calls show."""

from __future__ import annotations

from jupyter_mesh.errors import ScreeningUnavailable, Unavailable
from jupyter_mesh.mesh.guard_troubles import GuardTroubles
from jupyter_mesh.spi.happenings import Happening


def told(kind: str, subject: str, message: str, guard: str | None = None) -> Happening:
    details = {} if guard is None else {"guard": guard}
    return Happening(kind=kind, subject=subject, message=message, details={**details})


def failed(guard: str | None, why: str) -> Unavailable:
    error = ScreeningUnavailable("A detector failed.")
    error.guard, error.why = guard, why
    return error


def test_what_a_guard_tells_holds_until_it_works_again() -> None:
    now = [0.0]
    troubles = GuardTroubles(lambda: now[0])
    troubles.heard(told("guard_failing", "names", "It was never read.", "names"))
    troubles.note(failed("names", "It took too long."))
    now[0] = 10_000.0
    assert list(troubles.current({"names"})) == [("names", "It was never read.")]
    troubles.heard(told("guard_working", "names", "It was read."))
    assert list(troubles.current({"names"})) == []


def test_a_guard_that_failed_a_call_works_again_when_it_has_not_for_a_while() -> None:
    now = [0.0]
    troubles = GuardTroubles(lambda: now[0])
    for failure in (None, ValueError("x"), failed(None, "x"), failed("names", "No such model.")):
        troubles.note(failure)
    assert list(troubles.current({"names"})) == [("names", "It failed: No such model.")]
    now[0] = 301.0
    assert list(troubles.current({"names"})) == []


def test_a_guard_that_is_no_more_is_no_trouble() -> None:
    troubles = GuardTroubles()
    troubles.heard(told("guard_failing", "names", "It was never read.", "names"))
    troubles.heard(told("guard_failing", "screening workers", "One was killed."))
    troubles.note(failed("other", "It took too long."))
    assert list(troubles.current({"patterns"})) == [("screening workers", "One was killed.")]
