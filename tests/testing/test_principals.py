from __future__ import annotations

from jupyter_mesh.schemas.principal import Scope
from jupyter_mesh.testing.principals import admin, analyst, application, auditor, kernel_of


def test_each_part_may_what_it_needs_and_no_more() -> None:
    assert analyst().scopes == {Scope.USE, Scope.CONFIGURE}
    assert kernel_of().scopes == application().scopes == {Scope.USE}
    assert auditor().may(Scope.AUDIT)
    assert not auditor().may(Scope.ADMIN)
    assert admin().scopes == set(Scope)


def test_names_and_groups_are_the_tests_own() -> None:
    one = kernel_of("bob", groups=["analysts"])
    assert (one.user, one.groups, one.via) == ("bob", {"analysts"}, "kernel")
    assert application("billing").application == "billing"
