"""`jupyter mesh config` and `jupyter mesh openapi`."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from .outcome import WRONG_CONFIG, Output
from .places import config_file

if TYPE_CHECKING:
    from ..config import Config


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
        own = {key: settings[key] for key in ("properties", "required") if key in settings}
        cases.append({"if": {"properties": {"provider": {"const": name}}}, "then": own})
    connection = whole["$defs"]["ConnectionRule"]
    connection["allOf"] = cases
    connection["properties"]["provider"]["examples"] = plugins.names(PROVIDER_GROUP)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}


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
        if (biller := getattr(settings, "price_provider", None)) is not None:
            faults += _unknown_biller(name, biller)
    for name, guard in chosen.guards.items():
        try:
            settings = dict(guard.model_extra or {})
            validate_settings(plugins.guard(guard.guard).Config, settings, f"guards.{name}")
        except ConfigError as error:
            faults.append(error.message)
    return faults


def _unknown_biller(connection: str, biller: str) -> list[str]:
    from ..prices import billers
    from ..references import near

    if biller in (known := billers()):
        return []
    where = f"connections.{connection}.price_provider"
    return [f"{where}: the price list has no {biller!r}{near(biller, known)}."]


def openapi(_arguments: Namespace, output: Output) -> int:
    """The description of `/mesh/v1` and `/mesh/api`."""
    from jupyter_mesh_server.openapi import document_bytes

    output.piece(document_bytes().decode())
    return 0
