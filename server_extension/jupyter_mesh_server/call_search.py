"""Query fields that choose recorded calls."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import get_args

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.schemas.call_search import CallSearch, View

from .moments import moment

_TEXTS = (
    *("user", "group", "application", "model", "connection", "purpose", "outcome", "document"),
    *("key", "operation", "error_code", "verdict", "finding"),
)
SEARCH_FIELDS = (*_TEXTS, "since", "until", "min_cost_usd", "has_finding", "tag")
"""What `search_of` reads."""
_VIEWS: tuple[View, ...] = get_args(View)
_FLAGS = {"true": True, "false": False}


def search_of(fields: dict[str, str]) -> CallSearch:
    """What is asked for.

    Raises:
        InvalidRequest: A field is not written as it should be.
    """
    return CallSearch(
        **{name: fields[name] for name in _TEXTS if name in fields},
        since=moment(fields, "since"),
        until=moment(fields, "until"),
        min_cost=_amount(fields.get("min_cost_usd")),
        has_finding=flag(fields, "has_finding"),
        tag=_tag(fields.get("tag")),
    )


def view_of(fields: Mapping[str, str]) -> View | None:
    """Whose calls; None where the caller does not say.

    Raises:
        InvalidRequest: It is no view.
    """
    asked = fields.get("view")
    for view in _VIEWS:
        if asked == view:
            return view
    if asked is None:
        return None
    raise InvalidRequest(f"`view` is one of {', '.join(_VIEWS)}.", param="view")


def _amount(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise InvalidRequest("`min_cost_usd` must be an amount such as 0.25.", param="min_cost_usd")
    return amount


def flag(fields: Mapping[str, str], name: str) -> bool | None:
    """A field that is true or false; None where it was not given.

    Raises:
        InvalidRequest: It is neither.
    """
    text = fields.get(name)
    if text is None:
        return None
    if text not in _FLAGS:
        raise InvalidRequest(f"`{name}` is true or false.", param=name)
    return _FLAGS[text]


def _tag(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    name, given, value = text.partition("=")
    if not name or not given:
        raise InvalidRequest("`tag` is written name=value.", param="tag")
    return name, value
