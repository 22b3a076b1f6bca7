"""What a moderation request asks the guards about."""

from __future__ import annotations

from ..errors import InvalidRequest
from ..schemas.json import as_list, as_object
from ..schemas.request import Request


def texts_to_judge(request: Request) -> list[str]:
    """The texts of a moderation request: one, several, or one in parts.

    Raises:
        InvalidRequest: It holds something else than text.
    """
    said = request.body.get("input")
    if isinstance(said, str):
        return [said]
    items = as_list(said) or []
    if all(isinstance(one, str) for one in items):
        return [one for one in items if isinstance(one, str)]
    request.require_text()
    parts = [as_object(one) or {} for one in items]
    texts = [text for part in parts if isinstance(text := part.get("text"), str)]
    if len(texts) != len(items):
        raise InvalidRequest(
            "The guards of this mesh judge text only: send `input` as a text, a list of texts, or "
            "a list of parts of type `text`.",
            param="input",
        )
    return ["\n".join(texts)]
