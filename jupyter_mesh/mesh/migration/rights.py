"""Rights that an object of a personal mesh would give in the hub, where nobody gave them."""

from __future__ import annotations

from collections.abc import Mapping

from ...schemas.json import JsonObject, as_list
from .hub_policy import HubPolicy
from .personal import Found


def too_much(one: Found, body: JsonObject, hub: HubPolicy, values: Mapping[str, str]) -> str | None:
    """Why it should not be taken over unasked; None: nothing speaks against it.

    Args:
        one: The object.
        body: As it would be set.
        hub: Before anything is taken over.
        values: Of sealed secrets, to compare with.
    """
    if one.kind == "keys":
        if body.get("admin") or body.get("auditor"):
            right = "administer" if body.get("admin") else "read every record of"
            return f"it would {right} the hub"
        for group in as_list(body.get("groups")) or ():
            if hub.rule("groups", str(group)) is not None:
                return f"it would be in the hub's group {group!r}"
    if one.kind == "groups" and body.get("role", "user") != "user":
        return "keys of its members could administer or audit the hub"
    return None
