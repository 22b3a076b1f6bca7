"""Keys that open the gateway's own site, and the secret that seals its cookies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jupyter_mesh.errors import NotPermitted
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.admin import KeyRequest
from jupyter_mesh.storage.secrets import Secrets

from .world import ADA, ROOT


async def test_a_session_is_as_good_as_its_key_and_no_longer(mesh: Mesh) -> None:
    made = await mesh.keys.create(ADA, KeyRequest(name="k", application="a"))
    hashed = mesh.signed_in.key_hash(made.secret)
    assert hashed is not None
    holder = mesh.signed_in.principal(hashed)
    assert holder is not None
    assert holder.user == "ada"
    assert mesh.signed_in.key_hash(made.secret + "x") is None
    await mesh.keys.revoke(ADA, "k")
    assert mesh.signed_in.principal(hashed) is None


async def test_the_sealing_key_is_made_once_and_kept_sealed_in_the_store(
    mesh: Mesh, tmp_path: Path
) -> None:
    key = mesh.signed_in.sealing_key()
    assert len(key) == 32
    assert mesh.signed_in.sealing_key() == key
    stores = list(tmp_path.rglob("mesh.db"))  # noqa: ASYNC240 the test's own folder
    assert len(stores) == 1
    assert Secrets(stores[0]).resolve("store:site.session-key") == key.hex()
    assert key not in stores[0].read_bytes()


@pytest.mark.parametrize("via", ["key", "browser"])
async def test_who_is_here_by_a_key_makes_no_further_one(mesh: Mesh, via: str) -> None:
    """Else a key that ends next week could make itself one without an end."""
    week = datetime.now(UTC) + timedelta(days=7)
    made = await mesh.keys.create(ROOT, KeyRequest(name="k", application="a", expires=week))
    holder = mesh.key_principal(made.secret)
    assert holder is not None
    holder = replace(holder, via=via, scopes=ADA.scopes - {"admin", "audit"})
    with pytest.raises(NotPermitted, match="by a person"):
        await mesh.keys.create(holder, KeyRequest(name="other", application="a"))
