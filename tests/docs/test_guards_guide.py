"""What the guide of guards says can be done as it is written."""

from __future__ import annotations

import importlib
import tomllib

import pytest

from jupyter_mesh.config import Config
from jupyter_mesh.guards.remote_config import RemoteGuardConfig
from jupyter_mesh.guards.remote_guard import RemoteGuard
from jupyter_mesh.mesh.findable import unfindable
from jupyter_mesh.mesh.plugins import validate_settings
from jupyter_mesh.spi.guard import Guard

from .test_guides import ROOT, merged

_OF_WHO_ASKS = {
    "access_key_id",
    "client_id",
    "client_secret",
    "external_id",
    "profile",
    "role_arn",
    "scope",
    "secret_access_key",
    "session_token",
    "tenant_id",
    "web_identity_token_file",
}
_RARE = {"api_version", "max_characters", "model_version"}


def guard_kinds() -> dict[str, type[Guard]]:
    """What is registered, as the project says."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    kinds: dict[str, type[Guard]] = {}
    for name, place in project["entry-points"]["jupyter_mesh.guard.v1"].items():
        module, _, kind = place.partition(":")
        kinds[name] = getattr(importlib.import_module(module), kind)
        assert kinds[name].name == name
    return kinds


def test_the_guards_take_the_settings_of_the_guide() -> None:
    kinds = guard_kinds()
    for name, rule in Config.model_validate(merged("guards-guide.md")).guards.items():
        kind = kinds[rule.guard]
        kind(validate_settings(kind.Config, dict(rule.model_extra or {}), name))


def test_the_rules_of_the_guide_name_only_what_their_detectors_can_find() -> None:
    pytest.importorskip("presidio_analyzer")
    kinds = guard_kinds()
    config = Config.model_validate(merged("guards-guide.md"))
    guards = {
        name: kinds[rule.guard](
            validate_settings(kinds[rule.guard].Config, dict(rule.model_extra or {}), name)
        )
        for name, rule in config.guards.items()
    }
    for name in ("patterns", "secrets"):
        guards.setdefault(name, kinds[name](kinds[name].Config()))
    assert [one.message for one in unfindable(config, guards)] == []


def test_the_guide_shows_every_service_and_names_its_settings() -> None:
    services = [kind for kind in guard_kinds().values() if issubclass(kind, RemoteGuard)]
    shown = {one.guard for one in Config.model_validate(merged("guards-guide.md")).guards.values()}
    assert {kind.name for kind in services} <= shown
    assert len(services) == 7
    text = (ROOT / "docs" / "guards-guide.md").read_text("utf-8")
    common = RemoteGuardConfig.model_fields.keys()
    own = {name for kind in services for name in kind.Config.model_fields if name not in common}
    assert {name for name in own if f"`{name}`" not in text} == {*_OF_WHO_ASKS, *_RARE}
