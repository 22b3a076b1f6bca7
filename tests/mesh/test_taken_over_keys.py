"""A key of the environment, once its offer is accepted where kernels can be kept from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from jupyter_mesh.config import Config
from jupyter_mesh.errors import ProviderUnavailable, StoreUnavailable
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, ask, chat, until

KEY = "sk-canary-0123456789abcdef"
NEWER = "sk-canary-fedcba9876543210"
ANY_MODEL = chat(model="openai/fake-model")


class Kernels:
    """What kernels were kept from."""

    def __init__(self, error: OSError | None = None) -> None:
        self.withheld: list[str] = []
        self._error = error

    def withhold(self, value: str) -> None:
        if self._error is not None:
            raise self._error
        self.withheld.append(value)


@asynccontextmanager
async def personal(
    folder: Path, environ: dict[str, str], kernels: Kernels | None
) -> AsyncIterator[Mesh]:
    mesh = await Mesh.start(
        Config.default(),
        state_dir=folder / "state",
        host="personal",
        environ=environ,
        withhold=kernels.withhold if kernels else None,
    )
    try:
        yield mesh
    finally:
        await mesh.aclose()


def shell(upstream: FakeOpenAI, key: str = KEY) -> dict[str, str]:
    return {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": upstream.base_url}


async def offered(mesh: Mesh) -> None:
    async def found() -> bool:
        return "openai" in [one.id for one in (await mesh.models(ADA)).offers]

    await until(found)


async def connected(mesh: Mesh) -> None:
    async def there() -> bool:
        return "openai" in [card.connection for card in (await mesh.models(ADA)).models]

    await until(there)


async def test_it_is_used_from_the_store_also_when_the_variable_is_gone(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    kernels = Kernels()
    async with personal(tmp_path, shell(upstream), kernels) as mesh:
        await offered(mesh)
        assert kernels.withheld == [], "nothing is taken unasked"
        await mesh.accept_offer(ADA, "openai")
        assert kernels.withheld == [KEY]
    async with personal(tmp_path, {}, kernels) as mesh:
        await connected(mesh)
        assert (await mesh.models(ADA)).offers == []
        assert (await ask(mesh, ANY_MODEL)).error is None
        assert upstream.requests[-1].token == KEY


async def test_a_newer_key_in_the_shell_takes_the_place_of_the_one_taken_over(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with personal(tmp_path, shell(upstream), Kernels()) as mesh:
        await offered(mesh)
        await mesh.accept_offer(ADA, "openai")
    async with personal(tmp_path, shell(upstream, NEWER), Kernels()) as mesh:
        await connected(mesh)
        await ask(mesh, ANY_MODEL)
        assert upstream.requests[-1].token == NEWER


async def test_where_kernels_are_not_this_processs_the_key_stays_where_it_is(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with personal(tmp_path, shell(upstream), None) as mesh:
        await offered(mesh)
        (offer,) = (await mesh.models(ADA)).offers
        assert offer.key_note is None
        await mesh.accept_offer(ADA, "openai")
    async with personal(tmp_path, {}, None) as mesh:
        assert "openai" not in [card.connection for card in (await mesh.models(ADA)).models]


async def test_a_key_that_cannot_be_kept_from_kernels_is_not_taken_over(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    kernels = Kernels(OSError(28, "No space left on device"))
    async with personal(tmp_path, shell(upstream), kernels) as mesh:
        await offered(mesh)
        with pytest.raises(StoreUnavailable, match="No space left"):
            await mesh.accept_offer(ADA, "openai")
        await offered(mesh)


async def test_a_key_whose_connection_does_not_open_is_not_taken_over(tmp_path: Path) -> None:
    kernels = Kernels()
    # Nothing listens on port 9 of loopback.
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    async with personal(tmp_path, environ, kernels) as mesh:
        await offered(mesh)
        with pytest.raises(ProviderUnavailable):
            await mesh.accept_offer(ADA, "openai")
        await offered(mesh)
    assert kernels.withheld == []
    async with personal(tmp_path, {}, kernels) as mesh:
        assert "openai" not in [card.connection for card in (await mesh.models(ADA)).models]
