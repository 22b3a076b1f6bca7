"""What is configured in a personal mesh: in its store, and in its `mesh.yaml`."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import cast

import orjson
from pydantic import BaseModel

from ...config import Config, load
from ...errors import ConfigError
from ...schemas.json import JsonObject
from ...schemas.setting import KINDS, Kind
from ...storage.sealed import SealedRow
from ...storage.sealing_keys import KEY_VARIABLE, SealingKeys
from ...storage.untouched import read_untouched
from ..merge import declared
from ..offers import OWNER, PLAIN, PREFIX
from ..typed_keys import is_reference
from .references import SEALED

_OF_THE_PROCESS = ("store", "shared", "telemetry", "workers", "offers")
_LISTED: tuple[Kind, ...] = ("budgets", "limits", "screening", "moderation", "slos")
"""Kinds whose objects may have no name in a file."""
_OF_THE_MESH = ("audit.", "cache.")
"""How names of secrets begin that a mesh makes for itself, and every mesh has its own."""
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST = 119


@dataclass(frozen=True, slots=True)
class Found:
    """One object, as it would stand in `mesh.yaml`."""

    kind: Kind
    name: str
    body: JsonObject


@dataclass(slots=True)
class PersonalMesh:
    """What was found.

    Attributes:
        objects: Those that can be set in another mesh.
        secrets: Values by name; never shown.
        lost: Sealed secrets that cannot be opened, with the reason.
        unusable: (kind, name, reason) of what means nothing elsewhere.
        calls: How many are in its record, which stays there.
    """

    objects: list[Found] = field(default_factory=list[Found])
    secrets: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    lost: dict[str, str] = field(default_factory=dict[str, str])
    unusable: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    calls: int = 0


def read_personal(
    place: Path | None, config_file: Path | None, key_file: Path | None
) -> PersonalMesh:
    """Read a personal mesh without changing anything of it.

    Args:
        place: Its state folder, or the store in it; None: only its `mesh.yaml`.
        config_file: Its `mesh.yaml`; None: only its store.
        key_file: The key of its sealed secrets; None: the one beside the store.

    Raises:
        ConfigError: There is no store, it is of a newer version, or `mesh.yaml` is wrong.
        StoreUnavailable: The store cannot be read.
    """
    found = PersonalMesh()
    if config_file is not None:
        _take_file(found, load(config_file))
    if place is not None:
        store = place / "mesh.db" if place.is_dir() else place
        _take_store(found, store, key_file or store.with_suffix(".key"))
    return found


def _take_file(found: PersonalMesh, config: Config) -> None:
    for name in _OF_THE_PROCESS:
        if name in config.model_fields_set:
            found.unusable.append((name, name, "the hub's own mesh.yaml says it"))
    kinds: list[Kind] = [one for one in KINDS if one in config.model_fields_set]
    for kind in kinds:
        for name, rule in declared(config, kind).items():
            body = _body(rule)
            named = str(body.pop("name", None) or name) if kind in (*_LISTED, "keys") else name
            if named.startswith(f"{kind}["):
                named = _name_for(kind, body)
            if kind == "connections":
                body = _with_sealed_headers(found, named, body)
            found.objects.append(Found(kind, named, body))
    _take_general(found, [one for one in _GENERAL if one in config.model_fields_set])


_GENERAL = ("cache", "audit", "default_model", "admin_contact")


def _take_general(found: PersonalMesh, names: list[str]) -> None:
    for name in names:
        found.unusable.append(("general", name, "it would hold for the whole hub: set it there"))


def _take_store(found: PersonalMesh, store: Path, key_file: Path) -> None:
    contents = read_untouched(store, OWNER)
    found.calls = contents.calls
    known = {(one.kind, one.name) for one in found.objects}
    for kind, name, body in contents.settings:
        if kind == "general":
            _take_general(found, [name])
        elif (kind, name) not in known:  # what its file says counts more
            found.objects.append(Found(cast(Kind, kind), name, body))
    known |= {(one.kind, one.name) for one in found.objects}
    for name, value in contents.preferences.items():
        if name.startswith(PREFIX):
            _take_offer(found, name.removeprefix(PREFIX), value, known)
    rows = [one for one in contents.secrets if not one.name.startswith(_OF_THE_MESH)]
    _open(found, rows, key_file)


def _take_offer(
    found: PersonalMesh, name: str, value: str, known: Collection[tuple[str, str]]
) -> None:
    if ("connections", name) in known:
        return
    if value == PLAIN:
        reason = (
            "its key was never sealed, it stood in the environment of that mesh: make the "
            "connection in the hub, with a key of the hub's"
        )
        found.unusable.append(("connections", name, reason))
    else:
        found.objects.append(Found("connections", name, orjson.loads(value)))


def _open(found: PersonalMesh, rows: list[SealedRow], key_file: Path) -> None:
    try:
        text = key_file.read_text("utf-8") if rows else ""
    except OSError as error:
        lost = f"{key_file.name} cannot be read ({error.strerror})"
        found.lost.update({one.name: lost for one in rows})
        return
    # Given like keys from outside: where they come from is then left as it is.
    keys = SealingKeys(None, {KEY_VARIABLE: text}, key_file.parent, nullcontext)
    for one in rows:
        try:
            opened = keys.unseal(one.name, bytes(one.nonce), bytes(one.sealed))
        except ConfigError:
            raise ConfigError(f"{key_file} does not hold the key of sealed secrets.") from None
        if opened is None:
            found.lost[one.name] = f"{key_file.name} is not the key it was sealed with"
        else:
            found.secrets[one.name] = opened[0]


def _body(rule: object) -> JsonObject:
    assert isinstance(rule, BaseModel)
    return cast(JsonObject, rule.model_dump(mode="json", by_alias=True, exclude_unset=True))


def _name_for(kind: Kind, body: JsonObject) -> str:
    """A rule without a name is called after what it says, so that it is found again."""
    said = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    return f"{kind} {sha256(said).hexdigest()[:8]}"


def _with_sealed_headers(found: PersonalMesh, name: str, body: JsonObject) -> JsonObject:
    """What stands plain in a header may be a key: settings hold a reference to it."""
    headers = body.get("headers")
    if not isinstance(headers, dict):
        return body
    changed = dict(headers)
    for header, value in headers.items():
        if isinstance(value, str) and not is_reference(value):
            secret = _NO_NAME.sub("_", f"{name}.headers.{header}")[:_LONGEST]
            found.secrets[secret] = value
            changed[header] = f"{SEALED}{secret}"
    return {**body, "headers": changed}
