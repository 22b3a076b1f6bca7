"""Parameters that change what a call to Bedrock costs: nobody can pay for them unseen.

A budget reserves by `max_tokens` and by the model's price. What would lengthen the answer past the
one, or be charged by another than the other, is refused unless the connection allows it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ..errors import UnsupportedParameter
from ..schemas.json import Json, JsonObject, as_object

_FIELDS = "additionalModelRequestFields"
_PRICED = re.compile(
    "(?:max|min).*token|max(?:gen|new|len|output|completion)|n$|bestof|numpredict"
    "|num(?:generations|results|return)|(?:service)?tier|performance|.*latency|speed|priority"
)
"""The names by which models know them, without case and underscores."""
_NEUTRAL: tuple[Json, ...] = (
    None,
    {"type": "default"},
    {"latency": "standard"},
    *("auto", "default"),
)


def refuse_priced(body: JsonObject, allowed: Collection[str], who: str) -> None:
    """Refuse what changes the price of a call.

    Args:
        body: Of the request.
        allowed: Names that the connection lets callers set.
        who: The connection, as messages call it.

    Raises:
        UnsupportedParameter: One of them is asked for.
    """
    for name in ("service_tier", "serviceTier", "performanceConfig"):
        if name not in allowed and body.get(name) not in _NEUTRAL:
            raise _refusal(name, name, who)
    for name in _named(as_object(body.get(_FIELDS)) or {}):
        if name not in allowed and _PRICED.match(re.sub("[^a-z]", "", name.lower())):
            raise _refusal(_FIELDS, name, who)


def _named(fields: JsonObject) -> Iterator[str]:
    """Every field, also of the objects among them."""
    for name, value in fields.items():
        yield name
        if isinstance(value, dict):
            yield from _named(value)


def _refusal(param: str, name: str, who: str) -> UnsupportedParameter:
    instead = "use `max_tokens`" if "max" in name.lower() else "leave it out"
    return UnsupportedParameter(
        f"{who} does not let callers set `{name}`, which changes the price of a "
        f"call: {instead}, or ask an admin to allow it in `priced_parameters`.",
        param=param,
    )
