"""Finding providers, guards and sinks by their entry points. A broken plugin is named and skipped;
it stops nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import metadata
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ..config import near
from ..errors import ConfigError
from ..plain_faults import plain
from ..spi import GUARD_GROUP, PROVIDER_GROUP, SINK_GROUP
from ..spi.guard import Detector, Judge
from ..spi.provider import Provider
from ..spi.sink import AuditSink
from .provider_names import meant

M = TypeVar("M", bound=BaseModel)

_log = logging.getLogger("jupyter_mesh")


class Plugins:
    """The classes registered in this environment, loaded when first asked for."""

    def __init__(self) -> None:
        self._points = {
            group: {point.name: point for point in metadata.entry_points(group=group)}
            for group in (PROVIDER_GROUP, GUARD_GROUP, SINK_GROUP)
        }
        self._loaded: dict[tuple[str, str], type[object]] = {}

    def provider(self, name: str) -> type[Provider]:
        """The provider class called `name`.

        Raises:
            ConfigError: There is none, or it does not load.
        """
        found = self._load(PROVIDER_GROUP, name, "provider")
        if not issubclass(found, Provider):
            raise ConfigError(f"The plugin {name!r} is not a Provider.")
        return found

    def guard(self, name: str) -> type[Detector] | type[Judge]:
        """The guard class called `name`. Raises as `provider`."""
        found = self._load(GUARD_GROUP, name, "guard")
        if not issubclass(found, Detector | Judge):
            raise ConfigError(f"The plugin {name!r} is neither a Detector nor a Judge.")
        return found

    def sink(self, name: str) -> type[AuditSink]:
        """The class of audit sinks called `name`. Raises as `provider`."""
        found = self._load(SINK_GROUP, name, "sink")
        if not issubclass(found, AuditSink):
            raise ConfigError(f"The plugin {name!r} is not an AuditSink.")
        return found

    def names(self, group: str) -> list[str]:
        """What is registered in a group."""
        return sorted(self._points[group])

    def _load(self, group: str, name: str, kind: str) -> type[object]:
        known = self._loaded.get((group, name))
        if known is not None:
            return known
        point = self._points[group].get(name)
        if point is None:
            known_as = meant(name) if group == PROVIDER_GROUP else None
            hint = known_as or near(name, set(self._points[group]))
            raise ConfigError(f"There is no {kind} {name!r}{hint}.")
        try:
            loaded: object = point.load()
        except Exception as error:  # the plugin loader's edge: whatever a plugin does at import
            _log.warning("The %s plugin %r (%s) does not load: %s", kind, name, point.value, error)
            raise ConfigError(
                f"The {kind} plugin {name!r} does not load: {error}. Install what it needs, or "
                "remove it."
            ) from error
        if not isinstance(loaded, type):
            raise ConfigError(f"The {kind} plugin {name!r} is not a class.")
        self._loaded[group, name] = loaded
        return loaded


def validate_settings(model: type[M], settings: Mapping[str, object], where: str) -> M:
    """Validate a plugin's own settings.

    Raises:
        ConfigError: With the place, the fault and the nearest valid key.
    """
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        faults: list[str] = []
        for fault in error.errors()[:5]:
            name = ".".join(str(part) for part in fault["loc"])
            message = plain(fault)
            if fault["type"] == "extra_forbidden":
                message = f"unknown key{near(str(fault['loc'][-1]), set(model.model_fields))}"
            faults.append(f"{name}: {message}" if name else message)
        raise ConfigError(f"{where}: {'; '.join(faults)}") from error
