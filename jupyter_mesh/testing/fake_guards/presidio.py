"""Presidio's analyzer, on the server's side.

Source: `presidio-analyzer/app.py` (2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...schemas.json import Json, JsonObject, as_list, as_str
from ..fake_upstream.dialect import Refusal
from ..fake_upstream.record import Received
from .dialect import ServiceDialect

Width = Callable[[str], int]


class Presidio(ServiceDialect):
    """Presidio's analyzer, or a service that speaks like it.

    Args:
        known: What it finds.
        width: How long a text is in what the service counts; by default characters.
    """

    def __init__(self, known: Mapping[str, str] | None = None, width: Width = len) -> None:
        super().__init__(known)
        self._width = width

    def looked_through(
        self, received: Received, body: JsonObject
    ) -> JsonObject | list[Json] | None:
        if received.path != "/analyze":
            return None
        text = body.get("text")
        if not text:
            raise Refusal(500, "No text provided")
        if not body.get("language"):
            raise Refusal(500, "No language provided")
        wanted = as_list(body.get("entities"))
        texts = as_list(text)
        if texts is None:
            return self._results(as_str(text) or "", wanted)
        lists: list[Json] = [[*self._results(as_str(one) or "", wanted)] for one in texts]
        return lists

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return {"error": message}

    def _results(self, text: str, wanted: list[Json] | None) -> list[Json]:
        width = self._width
        return [
            {
                "analysis_explanation": None,
                "end": width(text[:end]),
                "entity_type": kind,
                "score": 0.85,
                "start": width(text[:start]),
            }
            for start, end, kind in self.found_in(text)
            if wanted is None or kind in wanted
        ]
