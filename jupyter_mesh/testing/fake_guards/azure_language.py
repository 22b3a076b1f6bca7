"""Azure AI Language, on the server's side.

Source: REST API reference, "Analyze Text" (2024-11-01), and the limits of the service.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

from ...schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..fake_upstream.dialect import Refusal
from ..fake_upstream.record import Received
from .azure import azure_error, azure_key
from .dialect import ServiceDialect, needed

_MOST_DOCUMENTS = 5
_LONGEST = 5_120
_UNITS: dict[str | None, Callable[[str], int]] = {
    "UnicodeCodePoint": len,
    "Utf16CodeUnit": lambda text: len(text.encode("utf-16-le")) // 2,
}


class AzureLanguage(ServiceDialect):
    """A resource of Azure AI Language."""

    def looked_through(
        self, received: Received, body: JsonObject
    ) -> JsonObject | list[Json] | None:
        path, _, query = received.target.partition("?")
        if path != "/language/:analyze-text" or "api-version" not in parse_qs(query):
            return None
        needed(body, "kind", "analysisInput")
        if body["kind"] != "PiiEntityRecognition":
            raise Refusal(400, "Another kind was expected.", "InvalidArgument", "kind")
        documents = as_list(dig(body, "analysisInput", "documents")) or []
        if len(documents) > _MOST_DOCUMENTS:
            message = f"Max 5 records are permitted: {len(documents)}."
            raise Refusal(400, message, "InvalidDocumentBatch")
        parameters = as_object(body.get("parameters")) or {}
        good: list[Json] = []
        bad: list[Json] = []
        for one in documents:
            result = self._document(as_object(one) or {}, parameters)
            (bad if "error" in result else good).append(result)
        results: JsonObject = {"documents": good, "errors": bad, "modelVersion": "2023-09-01"}
        return {"kind": "PiiEntityRecognitionResults", "results": results}

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return azure_error(status, message, code)

    def credential(self, received: Received) -> str | None:
        return azure_key(received)

    def _document(self, document: JsonObject, parameters: JsonObject) -> JsonObject:
        text, name = as_str(document.get("text")) or "", document.get("id")
        if len(text) > _LONGEST or not text:
            code = "InvalidDocument"
            return {"id": name, "error": {"code": code, "message": "Invalid document in request."}}
        unit = as_str(parameters.get("stringIndexType")) or "TextElements_v8"
        width, wanted = _UNITS[unit], as_list(parameters.get("piiCategories"))
        entities: list[Json] = [
            {
                "text": text[start:end],
                "category": kind,
                "offset": width(text[:start]),
                "length": width(text[start:end]),
                "confidenceScore": 0.98,
            }
            for start, end, kind in self.found_in(text)
            if wanted is None or kind in wanted
        ]
        return {"redactedText": "", "id": name, "entities": entities, "warnings": []}
