"""`mesh.yaml` and what admins set while the mesh runs, as one validated configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

from pydantic import ValidationError

from ..config import Config, faults_of
from ..errors import ConfigError
from ..schemas.json import Json, JsonObject
from ..schemas.setting import Kind, Setting

GENERAL = ("cache", "audit", "prices", "default_model", "admin_contact")
"""The settings of kind `general`, by name. A body holds the value under `value`."""
_NAMED: tuple[Kind, ...] = (
    *("connections", "guards", "aliases", "groups"),
    *("alerts", "use_cases", "service_accounts"),
)
"""Sections that are mappings, each after those it may refer to."""
_LISTED: tuple[Kind, ...] = ("keys", "budgets", "limits", "screening", "moderation", "slos")
_LATE: tuple[Kind, ...] = ("raises",)
"""Mappings that refer to lists."""


def merge(base: Config, settings: Iterable[Setting]) -> tuple[Config, dict[tuple[Kind, str], str]]:
    """The configuration that results, and what had to be left out, with the reason.

    What the file says cannot be changed by a setting; a setting that no longer fits, such as an
    alias whose connection was taken out of the file, is left out, and the rest holds. Of a group
    its name is kept, opening nothing: without any group everything would be open.
    """
    wanted = sorted(settings, key=_order)
    try:
        return merge_all(base, wanted), {}
    except ConfigError:
        pass
    kept: list[Setting] = []
    faults: dict[tuple[Kind, str], str] = {}
    for one in wanted:
        try:
            merge_all(base, [*kept, one])
        except ConfigError as error:
            faults[one.kind, one.name] = error.message
            if one.kind == "groups" and not held_by_file(base, one.kind, one.name):
                kept.append(replace(one, body={"allow": []}))
        else:
            kept.append(one)
    return merge_all(base, kept), faults


def merge_all(base: Config, settings: Iterable[Setting]) -> Config:
    """The configuration with every one of `settings`.

    Raises:
        ConfigError: One of them does not fit; names the place.
    """
    data: dict[str, object] = {name: getattr(base, name) for name in base.model_fields_set}
    for one in settings:
        if held_by_file(base, one.kind, one.name):
            raise ConfigError(
                f"{one.kind} {one.name!r} is managed by mesh.yaml; change it there, or choose "
                "another name."
            )
        _add(data, base, one)
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError("; ".join(faults_of(error))) from None


def held_by_file(base: Config, kind: Kind, name: str) -> bool:
    """Whether the file declares this object, so that it cannot be changed elsewhere."""
    if kind == "general":
        return name in base.model_fields_set
    return name in declared(base, kind)


def declared(base: Config, kind: Kind) -> Mapping[str, object]:
    """The objects of one section of a configuration, by name; those of a list without a name of
    their own are called after their place.
    """
    section: object = getattr(base, kind)
    if isinstance(section, dict):
        return cast("dict[str, object]", section)
    return {
        getattr(one, "name", None) or f"{kind}[{place}]": one
        for place, one in enumerate(cast("tuple[object, ...]", section))
    }


def _order(setting: Setting) -> tuple[int, str]:
    kinds = (*_NAMED, *_LISTED, *_LATE, "general")
    return kinds.index(setting.kind), setting.name


def _add(data: dict[str, object], base: Config, setting: Setting) -> None:
    if setting.kind == "general":
        if setting.name not in GENERAL:
            raise ConfigError(f"There is no setting {setting.name!r}: {', '.join(GENERAL)}.")
        data[setting.name] = setting.body.get("value")
    elif setting.kind in (*_NAMED, *_LATE):
        section = cast("dict[str, object]", data.get(setting.kind, {}))
        data[setting.kind] = {**section, setting.name: setting.body}
    else:
        listed = cast("tuple[object, ...]", data.get(setting.kind, _default(base, setting.kind)))
        body: JsonObject = {**setting.body, "name": cast(Json, setting.name)}
        data[setting.kind] = (*listed, body)


def _default(base: Config, kind: Kind) -> tuple[object, ...]:
    """The default screening stays in force beside rules that are added."""
    return cast("tuple[object, ...]", getattr(base, kind))
