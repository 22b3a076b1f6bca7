"""What one call's detail says of its text: until when it is kept, or why there is none."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.audit_acts import Erasure
from jupyter_mesh.schemas.audit_proof import AuditCheck
from jupyter_mesh.testing.principals import auditor

from .world import ADA, BOB, ROOT, ask, chat, mesh_of

ECHO = {"echo": {"provider": "echo"}}
AUDITOR = auditor("aud")


async def call_of(mesh: Mesh, who: object = ADA) -> str:
    return (await ask(mesh, chat(model="echo/echo"), who)).call.id  # pyright: ignore[reportArgumentType]


async def test_what_is_kept_says_until_when(tmp_path: Path) -> None:
    async with mesh_of(tmp_path, ECHO, audit={"content_retain": "10d"}) as mesh:
        detail = await mesh.call_detail(ADA, await call_of(mesh))
        assert detail.content == "redacted"
        assert detail.content_until is not None
        left = detail.content_until - detail.summary.started_at
        assert timedelta(days=10) <= left < timedelta(days=10, minutes=5)


@pytest.mark.parametrize("user", ["ada", None])
async def test_what_was_destroyed_on_demand_is_erased_and_since_when(
    tmp_path: Path, user: str | None
) -> None:
    async with mesh_of(tmp_path, ECHO) as mesh:
        before, others = await call_of(mesh), await call_of(mesh, BOB)
        await mesh.acts.erase(ROOT, Erasure(user=user, everybody=user is None))
        after = await call_of(mesh)
        for who in (ADA, AUDITOR):
            detail = await mesh.call_detail(who, before)
            assert (detail.content, detail.request) == ("erased", None)
            assert detail.erased_at is not None
            assert detail.erased_at >= detail.summary.started_at
        assert (await mesh.call_detail(ADA, after)).content == "redacted"
        expected = "redacted" if user else "erased"
        assert (await mesh.call_detail(BOB, others)).content == expected


@pytest.mark.parametrize("user", ["ada", None])
async def test_what_was_never_kept_was_not_erased(tmp_path: Path, user: str | None) -> None:
    for keep, expected in (("none", "none"), ("redacted", "erased")):
        (tmp_path / keep).mkdir()
        async with mesh_of(tmp_path / keep, ECHO, audit={"content": keep}) as mesh:
            call_id = await call_of(mesh)
            for calls in (int(expected == "erased"), 0):  # nothing is erased twice
                erasure = Erasure(user=user, everybody=user is None)
                assert (await mesh.acts.erase(ROOT, erasure)).calls == calls
            detail = await mesh.call_detail(ADA, call_id)
            assert (detail.content, detail.erased_at is None) == (expected, expected == "none")
            assert (await mesh.audit.verify(AuditCheck())).ok


async def test_what_is_too_old_has_expired_and_what_policy_never_kept_has_not(
    tmp_path: Path,
) -> None:
    for folder, keep, expected in (("a", "redacted", "expired"), ("b", "none", "none")):
        audit = {"content": keep, "content_retain": "0s"}
        (tmp_path / folder).mkdir()
        async with mesh_of(tmp_path / folder, ECHO, audit=audit) as mesh:
            call_id = await call_of(mesh)
            await mesh._parts.tidy_up()  # pyright: ignore[reportPrivateUsage]
            detail = await mesh.call_detail(ADA, call_id)
            assert (detail.content, detail.request) == (expected, None)
