"""Users in the bodies of objects, and whom they mean in the hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from ...schemas.json import Json, JsonObject, as_object, as_str
from ...schemas.setting import Kind

EVERYBODY = "everybody in the hub"
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "groups": ("members", "leads"),
    "keys": ("user", "maker"),
    "use_cases": ("owner",),
    "service_accounts": ("owner",),
}
_SCOPED = ("budgets", "limits")


@dataclass(frozen=True, slots=True)
class Person:
    """Whom an object named, and whom it means in the hub."""

    kind: str
    name: str
    field: str
    was: str
    now: str


def renamed(kind: Kind, body: JsonObject, users: Mapping[str, str]) -> JsonObject:
    """A copy in which users are called as in the hub."""
    if kind in _SCOPED:
        scope = as_object(body.get("scope")) or {}
        user = as_str(scope.get("user"))
        return body if user is None else {**body, "scope": {**scope, "user": users.get(user, user)}}
    changed = {name: _new(body[name], users) for name in _FIELDS.get(kind, ()) if name in body}
    return {**body, **changed}


def narrowed(kind: Kind, body: JsonObject, group: str) -> JsonObject:
    """A budget or a limit of everybody in the personal mesh, as one of a group in the hub."""
    if kind not in _SCOPED:
        return body
    scope = as_object(body.get("scope"))
    if scope is None:
        scope = {"user": "*"} if kind == "limits" else {}
    own = ("group", "application", "key")
    if scope.get("user") not in (None, "*") or any(scope.get(one) is not None for one in own):
        return body
    return {**body, "scope": {**scope, "group": group}}


def people(kind: Kind, name: str, before: JsonObject, after: JsonObject) -> Iterator[Person]:
    """Whom an object names, before and after `renamed` and `narrowed`."""
    if kind in _SCOPED:
        was, now = as_object(before.get("scope")) or {}, as_object(after.get("scope")) or {}
        yield Person(kind, name, "scope", _whose(was, "everybody"), _whose(now, EVERYBODY))
        return
    for field in _FIELDS.get(kind, ()):
        for was, now in zip(_names(before.get(field)), _names(after.get(field)), strict=True):
            yield Person(kind, name, field, was, EVERYBODY if now == "*" else now)


def _whose(scope: JsonObject, everybody: str) -> str:
    user, group = as_str(scope.get("user")), as_str(scope.get("group"))
    if user not in (None, "*"):
        return user
    if group is not None:
        return f"group {group}"
    others = [f"{part} {scope[part]}" for part in ("application", "key") if scope.get(part)]
    return ", ".join(others) or everybody


def _new(value: Json, users: Mapping[str, str]) -> Json:
    if isinstance(value, list):
        return [_new(one, users) for one in value]
    return users.get(value, value) if isinstance(value, str) else value


def _names(value: Json) -> list[str]:
    if isinstance(value, list):
        return [cast(str, one) for one in value]
    return [value] if isinstance(value, str) else []
