"""Google's Sensitive Data Protection, on the server's side.

Source: REST reference v2, `projects.locations.content.inspect`: Protocol Buffers in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...schemas.json import Json, JsonObject, as_list, as_str, dig
from ..fake_upstream.dialect import Refusal
from ..fake_upstream.record import Received
from .dialect import ServiceDialect

_PATH = re.compile(r"/v2/projects/[^/]+/locations/[^/]+/content:inspect")
_MOST_BYTES = 524_288


class Dlp(ServiceDialect):
    """Sensitive Data Protection.

    Args:
        known: What it finds.
        most_findings: More of them are cut off, and the answer says so.
    """

    def __init__(self, known: Mapping[str, str] | None = None, most_findings: int = 3_000) -> None:
        super().__init__(known)
        self._most_findings = most_findings

    def looked_through(
        self, received: Received, body: JsonObject
    ) -> JsonObject | list[Json] | None:
        if not _PATH.fullmatch(received.target):
            return None
        if received.token is None:
            raise Refusal(401, "Request is missing required authentication credential.")
        text = as_str(dig(body, "item", "value"))
        if text is None or len(received.body) > _MOST_BYTES:
            raise Refusal(400, "Request payload size exceeds the limit: 524288 bytes.")
        names = [
            as_str(dig(one, "name"))
            for one in as_list(dig(body, "inspectConfig", "infoTypes")) or []
        ]
        findings: list[Json] = [
            {
                "infoType": {"name": kind, "sensitivityScore": {"score": "SENSITIVITY_MODERATE"}},
                "likelihood": "LIKELY",
                "location": {
                    "byteRange": _range(len(text[:start].encode()), len(text[:end].encode())),
                    "codepointRange": _range(start, end),
                },
                "createTime": "2026-01-01T00:00:00.000Z",
            }
            for start, end, kind in self.found_in(text)
            if not names or kind in names
        ]
        if not findings:
            return {"result": {}}
        if len(findings) > self._most_findings:
            cut = findings[: self._most_findings]
            return {"result": {"findings": cut, "findingsTruncated": True}}
        return {"result": {"findings": findings}}

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        words = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED"}
        state = words.get(status, "INTERNAL")
        return {"error": {"code": status, "message": message, "status": state}}


def _range(start: int, end: int) -> JsonObject:
    """Integers of 64 bits are strings; one that is 0 is left out."""
    return {**({"start": f"{start}"} if start else {}), "end": f"{end}"}
