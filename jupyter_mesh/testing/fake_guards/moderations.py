"""OpenAI's moderation endpoint, on the server's side.

Source: OpenAI API reference, "Create moderation", and the types of its client.
"""

from __future__ import annotations

from ...schemas.json import Json, JsonObject, as_list, as_str, dig
from ..fake_upstream.record import Received
from .dialect import ServiceDialect, needed

_CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


class Moderations(ServiceDialect):
    """A moderation endpoint. What it knows is written as `violence` or `violence=0.3`: without a
    score it is 0.9; what scores at least 0.4 is flagged.
    """

    def looked_through(
        self, received: Received, body: JsonObject
    ) -> JsonObject | list[Json] | None:
        if received.path not in ("/moderations", "/v1/moderations"):
            return None
        needed(body, "input")
        asked = as_list(body["input"]) or [body["input"]]
        results: list[Json] = [self._result(_text(one)) for one in asked]
        model = as_str(body.get("model")) or "omni-moderation-latest"
        return {"id": "modr-fake", "model": model, "results": results}

    def _result(self, text: str) -> JsonObject:
        scores: dict[str, float] = dict.fromkeys(_CATEGORIES, 0.001)
        for _, _, said in self.found_in(text):
            category, _, score = said.partition("=")
            scores[category] = max(scores[category], float(score or 0.9))
        flags = {category: score >= 0.4 for category, score in scores.items()}
        return {
            "flagged": any(flags.values()),
            "categories": {**flags},
            "category_scores": {**scores},
            "category_applied_input_types": {one: ["text"] for one in _CATEGORIES},
        }


def _text(asked: Json) -> str:
    return as_str(asked) or as_str(dig(asked, "text")) or ""
