"""Azure AI Content Safety, on the server's side.

Source: REST API reference 2024-09-01.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from ...schemas.json import Json, JsonObject, as_list, as_str
from ..fake_upstream.dialect import Refusal
from ..fake_upstream.record import Received
from .azure import azure_error, azure_key
from .dialect import ServiceDialect, needed

_LONGEST = 10_000
_HARM: list[Json] = ["Hate", "SelfHarm", "Sexual", "Violence"]


class ContentSafety(ServiceDialect):
    """A resource of Azure AI Content Safety. What it knows is written as `Violence=4`,
    `blocklist=NAME` or `attack`.
    """

    def looked_through(
        self, received: Received, body: JsonObject
    ) -> JsonObject | list[Json] | None:
        path, _, query = received.target.partition("?")
        if "api-version" not in parse_qs(query):
            return None
        match path:
            case "/contentsafety/text:analyze":
                return self._analyzed(body)
            case "/contentsafety/text:shieldPrompt":
                return self._shielded(body)
            case _:
                return None

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return azure_error(status, message, code)

    def credential(self, received: Received) -> str | None:
        return azure_key(received)

    def _analyzed(self, body: JsonObject) -> JsonObject:
        needed(body, "text")
        text = as_str(body["text"]) or ""
        _check(text)
        severities: dict[str, int] = {}
        blocked: list[Json] = []
        for start, end, said in self.found_in(text):
            kind, _, value = said.partition("=")
            if kind == "blocklist" and value in (as_list(body.get("blocklistNames")) or []):
                item: JsonObject = {"blocklistName": value, "blocklistItemId": "1"}
                blocked.append({**item, "blocklistItemText": text[start:end]})
            elif kind in _HARM:
                severities[kind] = max(severities.get(kind, 0), int(value))
        asked = as_list(body.get("categories")) or _HARM
        found: list[Json] = [
            {"category": one, "severity": severities.get(f"{one}", 0)} for one in asked
        ]
        return {"blocklistsMatch": blocked, "categoriesAnalysis": found}

    def _shielded(self, body: JsonObject) -> JsonObject:
        prompt = as_str(body.get("userPrompt")) or ""
        documents = [as_str(one) or "" for one in as_list(body.get("documents")) or []]
        _check(prompt)
        _check("".join(documents))
        told: list[Json] = [{"attackDetected": self._attacks(one)} for one in documents]
        return {
            "userPromptAnalysis": {"attackDetected": self._attacks(prompt)},
            "documentsAnalysis": told,
        }

    def _attacks(self, text: str) -> bool:
        return any(said == "attack" for _, _, said in self.found_in(text))


def _check(text: str) -> None:
    if len(text) > _LONGEST:
        message = "The text length should be between 1 and 10000."
        raise Refusal(400, message, "InvalidRequestBody")
