"""Whether JSON fits a JSON Schema that somebody else wrote: offline, in bounded time."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

import orjson

from ..schemas.json import Json, JsonObject, as_list, as_object
from ..spi.workers import ScannedSpan, Scanner

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

UNDECIDED = "undecided"
"""Instead of a fault: finding out takes too long."""
_CPU_SECONDS = 0.5
"""Longer than any answer of a model takes that is not made to; less than the pool's own limit."""
_LONGEST_REASON = 300
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


class TooSlow(Exception):
    """The time for a check is used up."""


def schema_text(own: JsonObject | None, asked: JsonObject | None, answer: str) -> str:
    """What a `SchemaScanner` reads: the schemas of the settings and of the request, the answer."""
    return f"{orjson.dumps([own, asked]).decode()}\n{answer}"


def refers_elsewhere(schema: Json) -> bool:
    """Whether it refers to anything but its own parts; nothing is ever fetched."""
    waiting: list[Json] = [schema]
    while waiting:
        one = waiting.pop()
        if (fields := as_object(one)) is not None:
            said = [fields.get(name) for name in _REFERENCES]
            if any(isinstance(to, str) and not to.startswith("#") for to in said):
                return True
            waiting += fields.values()
        else:
            waiting += as_list(one) or ()
    return False


class SchemaScanner(Scanner):
    """Finds the first fault of an answer, as the entity of a span; or `UNDECIDED`."""

    slice: ClassVar[int] = 2**30  # an answer has a form only as a whole
    before: ClassVar[int] = 0
    after: ClassVar[int] = 0

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)
        import_module("jsonschema")  # which takes nothing from the first check's time then

    def scan(self, text: str) -> Iterator[ScannedSpan]:
        said, _, answer = text.partition("\n")
        own, asked = map(as_object, orjson.loads(said))
        try:
            with _cpu_time(_CPU_SECONDS):
                fault = _fault(orjson.loads(answer), own, asked)
        except (TooSlow, RecursionError):
            fault = UNDECIDED
        if fault is not None:
            yield ScannedSpan(0, 1, fault, 1.0)


def _fault(value: Json, own: JsonObject | None, asked: JsonObject | None) -> str | None:
    from jsonschema import Draft202012Validator, SchemaError
    from referencing.exceptions import Unresolvable

    if own is not None and (fault := _misfit(value, own, told=True)):
        return fault
    if asked is None or refers_elsewhere(asked):
        return None
    try:
        Draft202012Validator.check_schema(asked)
        return _misfit(value, asked, told=False)
    except (SchemaError, Unresolvable):
        return None  # the caller's own schema is broken: not the answer's fault


def _misfit(value: Json, schema: JsonObject, *, told: bool) -> str | None:
    """What does not fit, and of a schema that may be `told`, how. Of a caller's schema nothing is
    repeated: the sentence goes to a model with the authority of the mesh.
    """
    from jsonschema import Draft202012Validator
    from referencing import Registry

    validator: Validator = Draft202012Validator(schema, registry=Registry())
    error = next(iter(validator.iter_errors(value)), None)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if error is None:
        return None
    where = "".join(f"[{step!r}]" for step in error.absolute_path)[:_LONGEST_REASON]
    how = error.message[:_LONGEST_REASON] if told else f"`{error.validator}` does not hold"
    return f"it does not fit the schema at {where or 'its top'}: {how}"


@contextmanager
def _cpu_time(seconds: float) -> Generator[None]:
    """Interrupt what takes longer, in the middle of a regular expression too. A worker does its
    work in its main thread; elsewhere, and on Windows, only the pool's own limit holds.
    """
    if not hasattr(signal, "setitimer") or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def stop(*_: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
