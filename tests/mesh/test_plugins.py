"""Plugins are found by entry points; a broken one is named and skipped and stops nobody."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.mesh.plugins import Plugins
from jupyter_mesh.schemas.catalog import Residency
from jupyter_mesh.spi import GUARD_GROUP, PROVIDER_GROUP
from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.conformance import CAPABILITIES
from jupyter_mesh.testing.contracts import ProviderContract

from .world import ADA, ask, chat, mesh_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin-provider"
ECHO = {"provider": "echo", "delay_ms": 0}


def fortune() -> type[Provider]:
    """The class in the example, loaded from its file."""
    spec = spec_from_file_location("jupyter_mesh_fortune", EXAMPLE / "jupyter_mesh_fortune.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("type[Provider]", module.Fortune)


class TestFortune(ProviderContract):
    """The example keeps the contract that every plugin is told to test."""

    model = "fortune"
    cannot = frozenset(CAPABILITIES) - {"chat", "system prompts", "multi-turn"}

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Provider]:
        kind = fortune()
        provider = kind(kind.Config(), provider_context(models={"fortune": {}}))
        yield provider
        await provider.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_the_example_answers_through_the_mesh_once_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, install: Callable[..., None], stream: bool
) -> None:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(PROVIDER_GROUP, **project["entry-points"][PROVIDER_GROUP])
    monkeypatch.syspath_prepend(str(EXAMPLE))
    connections = {"wise": {"provider": "fortune", "saying": "Less is more.", "models": ["f"]}}
    async with mesh_of(tmp_path, connections) as mesh:
        outcome = await ask(mesh, chat(model="wise/f", stream=stream))
        assert outcome.error is None
        assert outcome.text.strip() == "Less is more."
        (card,) = (await mesh.models(ADA)).models
        assert (card.id, card.provider, card.residency) == ("wise/f", "fortune", Residency.LOCAL)
        (call,) = (await mesh.calls(ADA)).calls
        assert (call.outcome, call.tokens.output) == ("answered", 3)


async def test_a_plugin_that_does_not_import_is_named_and_skipped(
    tmp_path: Path, install: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    install(acme="tests.mesh.needs_acme:Acme", odd="tests.mesh.world:ADA", plain="builtins:int")
    connections = {
        "echo": ECHO,
        "acme": {"provider": "acme", "models": ["m"]},
        "odd": {"provider": "odd", "models": ["m"]},
        "plain": {"provider": "plain", "models": ["m"]},
        "typo": {"provider": "ehco"},
    }
    async with mesh_of(tmp_path, connections) as mesh:
        health = mesh.health()
        assert health.status == "ok"
        faults = {name.removeprefix("connection "): text for name, text in health.checks.items()}
        assert "'acme' does not load" in faults["acme"]
        assert "No module named 'acme_sdk'" in faults["acme"]
        assert "not a class" in faults["odd"]
        assert "Provider" in faults["plain"]
        assert "did you mean 'echo'?" in faults["typo"]
        assert [one.id for one in (await mesh.models(ADA)).models] == ["echo/echo", "echo/shout"]
        assert (await ask(mesh, chat(model="echo/echo"))).error is None
    assert "acme" in caplog.text
    assert caplog.records[0].levelno == logging.WARNING


async def test_a_guard_that_policy_names_must_load_or_nothing_starts(
    tmp_path: Path, install: Callable[..., None]
) -> None:
    """Skipping a guard would let out what it was to stop."""
    install(GUARD_GROUP, acme="tests.mesh.needs_acme:Acme")
    guards = {"mine": {"guard": "acme"}}
    with pytest.raises(ConfigError, match="acme_sdk"):
        async with mesh_of(tmp_path, {"echo": ECHO}, guards=guards):
            pass


def test_the_providers_and_guards_of_the_product_are_registered_and_load() -> None:
    plugins = Plugins()
    for name in ("echo", "huggingface", "openai", "openai_compatible"):
        assert name in plugins.names(PROVIDER_GROUP)
        assert issubclass(plugins.provider(name), Provider)
    for name in ("deny_list", "patterns", "secrets"):
        assert name in plugins.names(GUARD_GROUP)
        plugins.guard(name)
