"""S8: a key has no right that its maker has not, or has no longer."""

from __future__ import annotations

import pytest

from jupyter_mesh.config import Config, key_hash
from jupyter_mesh.errors import NotPermitted
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.mesh.key_holders import key_holders
from jupyter_mesh.schemas.admin import KeyRequest
from jupyter_mesh.schemas.principal import Principal, Scope
from jupyter_mesh.testing.principals import analyst

from .world import ROOT

ADMIN = {Scope.AUDIT, Scope.ADMIN}
USER = {Scope.USE, Scope.CONFIGURE, Scope.READ_USAGE}


def holder(keys: list[dict[str, object]], **sections: object) -> Principal:
    """Whoever brings the last of these keys."""
    declared = [
        {"name": f"k{n}", "hash": key_hash(f"k{n}"), "application": "a", **key}
        for n, key in enumerate(keys)
    ]
    config = Config.model_validate({"keys": declared, **sections})
    return key_holders(config)[key_hash(f"k{len(keys) - 1}")].principal


ROOTS_KEY = {"user": "root", "admin": True}


@pytest.mark.parametrize(
    ("keys", "sections", "more"),
    [
        ([{"user": "ada"}], {}, set()),
        ([{"user": "ada", "auditor": True}], {}, {Scope.AUDIT}),
        ([{"user": "ada", "admin": True}], {}, {Scope.AUDIT, Scope.ADMIN}),
        ([ROOTS_KEY, {"user": "ada", "admin": True, "maker": "root"}], {}, ADMIN),
        ([{"user": "root"}, {"user": "ada", "admin": True, "maker": "root"}], {}, set()),
        (
            [{"user": "root", "auditor": True}, {"user": "ada", "admin": True, "maker": "root"}],
            {},
            {Scope.AUDIT},
        ),
        ([{"user": "ada", "admin": True, "maker": "ada"}], {}, set()),
        (
            [{"user": "ada", "auditor": True, "maker": "ada"}],
            {"groups": {"audit": {"members": ["ada"], "role": "auditor"}}},
            {Scope.AUDIT},
        ),
        (
            [{"user": "ada", "auditor": True, "maker": "ada"}],
            {"groups": {"audit": {"members": ["bob"], "role": "auditor"}}},
            set(),
        ),
        (
            [
                {"user": "ada", "admin": True, "maker": "bob"},
                {"user": "bob", "admin": True, "maker": "ada"},
            ],
            {},
            set(),
        ),
        ([{"user": "ada"}], {"groups": {"audit": {"members": ["ada"], "role": "auditor"}}}, set()),
    ],
)  # fmt: skip
def test_a_key_carries_what_it_says_as_far_as_its_maker_still_may(
    keys: list[dict[str, object]], sections: dict[str, object], more: set[Scope]
) -> None:
    assert holder(keys, **sections).scopes == USER | more


@pytest.mark.parametrize(
    ("maker", "members", "groups"),
    [
        ("ada", ["ada"], {"finance"}),
        ("ada", ["bob"], set()),
        ("ada", ["*"], {"finance"}),
        ("root", ["bob"], {"finance"}),
        (None, ["bob"], {"finance"}),
    ],
)
def test_a_key_leaves_the_groups_that_whoever_made_it_for_themselves_leaves(
    maker: str | None, members: list[str], groups: set[str]
) -> None:
    keys = [ROOTS_KEY, {"user": "ada", "groups": ["finance"], "maker": maker}]
    assert holder(keys, groups={"finance": {"members": members}}).groups == groups


def test_where_the_configuration_does_not_know_who_is_admin_a_key_keeps_what_it_was_given() -> None:
    declared = {"name": "k", "hash": key_hash("k"), "user": "ada", "application": "a"}
    config = Config.model_validate({"keys": [{**declared, "admin": True, "maker": "ada"}]})
    known = key_holders(config, makers_are_known=False)[key_hash("k")].principal
    assert Scope.ADMIN in known.scopes


async def test_only_who_may_audit_makes_a_key_that_audits(mesh: Mesh) -> None:
    asked = KeyRequest(name="k", application="a", auditor=True)
    with pytest.raises(NotPermitted, match="auditor"):
        await mesh.keys.create(analyst("eve"), asked)
    made = await mesh.keys.create(ROOT, asked)
    assert made.key.auditor
