"""Rules of moderation that name a guard for what it is not, and what `standard` stands for."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from jupyter_mesh.config import Config
from jupyter_mesh.errors import ConfigError
from jupyter_mesh.mesh.guards import check_guards
from jupyter_mesh.mesh.plugins import Plugins

from .world import mesh_of

GUARDS: dict[str, object] = {
    "terms": {"guard": "deny_list", "terms": ["x"]},
    "spans": {"guard": "deny_list_detector", "terms": ["x"]},
}


def config(rule: dict[str, object]) -> Config:
    return Config.model_validate({"connections": {}, "guards": GUARDS, "moderation": [rule]})


@pytest.mark.parametrize(
    "rule", [{"guard": "terms"}, {"detectors": ["spans", "standard"]}, {"detectors": ["secrets"]}]
)
def test_a_rule_that_can_be_kept_is_taken(rule: dict[str, object]) -> None:
    check_guards(config(rule), Plugins())


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ({"guard": "spans"}, "name it under `detectors`"),
        ({"detectors": ["terms"]}, "name it as `guard`"),
    ],
)
def test_a_guard_that_is_not_of_the_kind_is_refused(rule: dict[str, object], hint: str) -> None:
    with pytest.raises(ConfigError, match=hint):
        check_guards(config(rule), Plugins())


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        ({"guard": "term"}, "did you mean 'terms'"),
        ({"detectors": ["span"]}, "did you mean 'spans'"),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused(rule: dict[str, object], hint: str) -> None:
    with pytest.raises(ValidationError, match=hint):
        config(rule)


async def test_standard_stands_for_detectors_here_too(tmp_path: Path) -> None:
    rule = {"detectors": ["standard", "spans"], "action": "redact"}
    async with mesh_of(tmp_path, {}, guards=GUARDS, moderation=[rule]) as mesh:
        [kept] = mesh.snapshot.moderation
        assert kept.detectors[-1] == "spans"
        assert {"patterns", "secrets"} <= set(kept.detectors)
        assert all(name in mesh.snapshot.detectors for name in kept.detectors)
