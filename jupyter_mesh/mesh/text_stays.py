"""How far texts go to be looked through, and rules that say how far they may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..config import Config, standard_detectors
from ..errors import ConfigError
from ..schemas.catalog import Residency
from ..spi.guard import Guard
from .plugins import Plugins

_FARTHER = {Residency.LOCAL: 0, Residency.REGION: 1, Residency.EXTERNAL: 2}


def reach(guard: Guard, config: Config, plugins: Plugins) -> Residency:
    """How far the texts go that `guard` is shown: its own service, or the models it asks."""
    asked = (_of_connection(model.partition("/")[0], config, plugins) for model in guard.asks)
    return max((guard.residency, *asked), key=_FARTHER.__getitem__)


def check_text_stays(config: Config, guards: Mapping[str, Guard], plugins: Plugins) -> None:
    """Raises ConfigError where a rule uses a guard that shows texts to somebody farther away than
    it lets them go.
    """
    for place, name, within in _bounds(config):
        far = reach(guards[name], config, plugins)
        if _FARTHER[far] > _FARTHER[within]:
            raise ConfigError(
                f"{place}: `text_stays` is {within.value!r}, but the guard {name!r} shows the text "
                f"to a service that is {far.value!r}. Use another guard, or say so under "
                "`text_stays`."
            )


def _bounds(config: Config) -> Iterator[tuple[str, str, Residency]]:
    """Each guard of each rule that says how far texts may go."""
    for number, rule in enumerate(config.screening):
        for name in _named(rule.detectors) if rule.text_stays else ():
            yield f"screening[{number}]", name, Residency(rule.text_stays)
    for number, rule in enumerate(config.moderation):
        for name in _named(rule.guards) if rule.text_stays else ():
            yield f"moderation[{number}]", name, Residency(rule.text_stays)


def _named(guards: Iterable[str]) -> Iterator[str]:
    for name in guards:
        yield from standard_detectors() if name == "standard" else (name,)


def _of_connection(name: str, config: Config, plugins: Plugins) -> Residency:
    rule = config.connections.get(name)
    if rule is None:
        return Residency.EXTERNAL
    is_local = plugins.provider(rule.provider).local
    return rule.residency or (Residency.LOCAL if is_local else Residency.EXTERNAL)
