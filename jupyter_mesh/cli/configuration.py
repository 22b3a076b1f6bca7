"""`jupyter mesh config` and `jupyter mesh openapi`."""

from __future__ import annotations

import re
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .outcome import WRONG_CONFIG, Output
from .places import config_file

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..config import Config
    from ..mesh.plugins import Plugins


def schema(_arguments: Namespace, output: Output) -> int:
    """The JSON schema of `mesh.yaml`, with the settings of every provider that is installed."""
    output.value(config_schema())
    return 0


def config_schema() -> dict[str, Any]:
    """The schema; a connection's further keys depend on its `provider`."""
    from ..config import Config
    from ..mesh.plugins import Plugins
    from ..spi import PROVIDER_GROUP

    whole = Config.model_json_schema()
    plugins = Plugins()
    cases: list[dict[str, Any]] = []
    for name in plugins.names(PROVIDER_GROUP):
        try:
            settings = plugins.provider(name).Config.model_json_schema()
        except ConfigError:
            continue  # logged by name; a broken plugin spoils nobody's schema
        whole["$defs"] |= settings.pop("$defs", {})
        _describe(settings)
        kept = ("description", "properties", "required")
        own = {key: settings[key] for key in kept if key in settings}
        cases.append({"if": {"properties": {"provider": {"const": name}}}, "then": own})
    connection = whole["$defs"]["ConnectionRule"]
    connection["allOf"] = cases
    connection["properties"]["provider"]["examples"] = plugins.names(PROVIDER_GROUP)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


def _describe(settings: dict[str, Any]) -> None:
    """Put what a docstring says under `Attributes:` beside the settings that it is about."""
    about, _, attributes = settings.get("description", "").partition("\n\nAttributes:\n")
    settings["description"] = " ".join(about.split())
    for entry in re.split(r"\n {4}(?! )", f"\n{attributes}"):
        name, _, text = entry.partition(":")
        if (found := settings.get("properties", {}).get(name.strip())) is not None:
            found.setdefault("description", " ".join(text.split()))


def validate(arguments: Namespace, output: Output) -> int:
    """Say whether a file is right, the settings of its connections and guards included."""
    from .. import config

    file = config_file(arguments.file)
    if file is None:
        raise ConfigError("There is no mesh.yaml; name a file, or set JUPYTER_MESH_CONFIG.")
    faults = faults_in(config.load(file))
    if output.as_json:
        output.value({"file": str(file), "valid": not faults, "faults": faults})
    elif faults:
        for fault in faults:
            output.aside(f"{file}: {fault}")
    else:
        output.line(f"{file} is right.")
    return WRONG_CONFIG if faults else 0


def faults_in(chosen: Config) -> list[str]:
    """What is wrong with the settings of connections and guards, which their plugins know."""
    from ..mesh.plugins import Plugins, validate_settings

    plugins, faults = Plugins(), list[str]()
    for name, rule in chosen.connections.items():
        try:
            kind = plugins.provider(rule.provider)
            settings = validate_settings(kind.Config, rule.options, f"connections.{name}")
        except ConfigError as error:
            faults.append(error.message)
            continue
        faults += _wanting(name, settings)
    for name, guard in chosen.guards.items():
        try:
            settings = dict(guard.model_extra or {})
            validate_settings(plugins.guard(guard.guard).Config, settings, f"guards.{name}")
        except ConfigError as error:
            faults.append(error.message)
    return faults or _unkept(chosen, plugins)


def _unkept(chosen: Config, plugins: Plugins) -> list[str]:
    """What rules want of guards that these cannot do."""
    from ..mesh.guards import check_guards

    try:
        check_guards(chosen, plugins)
    except ConfigError as error:
        return [error.message]
    return []


def _wanting(connection: str, settings: BaseModel) -> list[str]:
    """What is of the right form and cannot work."""
    from ..prices import billers
    from ..providers.remote_config import RemoteConfig
    from ..references import near

    if not isinstance(settings, RemoteConfig):
        return []
    where, faults = f"connections.{connection}", list[str]()
    if (lacking := settings.lacks()) is not None:
        faults.append(f"{where}: {lacking}")
    biller = settings.price_provider
    if biller is not None and biller not in (known := billers()):
        hint = near(biller, known)
        faults.append(f"{where}.price_provider: the price list has no {biller!r}{hint}.")
    return faults


def openapi(_arguments: Namespace, output: Output) -> int:
    """The description of `/mesh/v1` and `/mesh/api`."""
    from jupyter_mesh_server.openapi import document_bytes

    output.piece(document_bytes().decode())
    return 0
