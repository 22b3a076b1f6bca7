"""Who sees which recorded calls: one's own, those of groups one leads, everybody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.errors import NotFound, NotPermitted
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.call_search import CallSearch, View
from jupyter_mesh.schemas.principal import Principal, Scope
from jupyter_mesh.testing.principals import analyst, auditor

from .world import ADA, BOB, ROOT, ask, chat, mesh_of

pytestmark = pytest.mark.usefixtures("both_stores")

ECHO = {"echo": {"provider": "echo"}}
LEAD = Principal(user="lea", scopes=frozenset({Scope.USE, Scope.READ_USAGE}), via="browser")
LEADS_KERNEL = Principal(user="lea", scopes=frozenset({Scope.USE}), via="kernel")
MATE = Principal(user="mo", scopes=LEAD.scopes, via="browser")
EVE = analyst("eve")
AUDITOR = auditor("aud")
GROUPS = {
    "analysts": {"members": ["ada", "bob"], "leads": ["lea"]},
    "lab": {"members": ["mo", "eve"], "members_see_calls": True},
}


async def users(mesh: Mesh, principal: Principal, view: View | None = None) -> set[str]:
    return {call.user for call in (await mesh.calls(principal, view=view)).calls}


async def test_each_view_holds_what_its_rule_says(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO, groups=GROUPS) as mesh:
        for who in (ADA, BOB, EVE):
            await ask(mesh, chat(model="echo/echo"), who)
        assert await users(mesh, ADA) == await users(mesh, ADA, "own") == {"ada"}
        assert await users(mesh, LEAD, "team") == {"ada", "bob"}
        assert await users(mesh, LEAD) == set()
        assert await users(mesh, MATE, "team") == {"eve"}
        for all_seeing in (AUDITOR, ROOT):
            assert await users(mesh, all_seeing, "all") == {"ada", "bob", "eve"}
        assert await users(mesh, AUDITOR) == {"ada", "bob", "eve"}
        assert await users(mesh, AUDITOR, "own") == set()


@pytest.mark.parametrize(
    ("who", "view"), [(ADA, "all"), (LEAD, "all"), (LEADS_KERNEL, "team"), (LEADS_KERNEL, "all")]
)
async def test_a_view_that_is_not_ones_own_is_refused(
    tmp_path: Path, who: Principal, view: View
) -> None:
    async with mesh_of(tmp_path, ECHO, groups=GROUPS) as mesh:
        with pytest.raises(NotPermitted):
            await mesh.calls(who, view=view)


async def test_what_one_may_not_see_is_as_unknown_as_what_never_was(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO, groups=GROUPS) as mesh:
        call_id = (await ask(mesh, chat(model="echo/echo"), ADA)).call.id
        told: set[str] = set()
        for who in (BOB, EVE, MATE, LEADS_KERNEL):
            for asked in (call_id, "call_nothing"):
                with pytest.raises(NotFound) as refused:
                    await mesh.call_detail(who, asked)
                told.add(refused.value.message.replace(asked, "?"))
        assert len(told) == 1


async def test_who_leads_a_group_reads_the_record_of_a_call_but_not_its_content(
    tmp_path: Path,
) -> None:
    async with mesh_of(tmp_path, ECHO, groups=GROUPS) as mesh:
        call_id = (await ask(mesh, chat("the text", model="echo/echo"), ADA)).call.id
        for who in (LEAD,):
            detail = await mesh.call_detail(who, call_id)
            assert detail.summary.user == "ada"
            assert (detail.request, detail.response, detail.content) == (None, None, "withheld")
        for who in (ADA, AUDITOR):
            assert "the text" in str((await mesh.call_detail(who, call_id)).request)


async def test_a_search_stays_within_the_view(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO, groups=GROUPS) as mesh:
        for who in (ADA, EVE):
            await ask(mesh, chat(model="echo/echo"), who, purpose="research")
        search = CallSearch(purpose="research", user="eve")
        assert (await mesh.calls(ADA, search)).calls == []
        assert (await mesh.calls(LEAD, search, view="team")).calls == []
        assert len((await mesh.calls(AUDITOR, search)).calls) == 1
