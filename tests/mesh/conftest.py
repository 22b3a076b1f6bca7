"""Fake upstreams, each on a port of its own, and an environment without anybody's keys."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mesh.mesh import Mesh
from jupyter_mesh.providers.discover import hosted_services
from jupyter_mesh.spi import PROVIDER_GROUP
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from . import world
from .world import connection, mesh_of

KEY_VARIABLES = (
    *("OPENAI_API_KEY", "OPENAI_BASE_URL", "MISTRAL_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"),
    *("GROQ_API_KEY", "DEEPSEEK_API_KEY", "TOGETHER_API_KEY", "OPENROUTER_API_KEY"),
    *("NVIDIA_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"),
)


@pytest.fixture(autouse=True)
def no_keys_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the keys of whoever runs the tests."""
    for name in KEY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert hosted_services(os.environ) == []


@pytest.fixture
def both_stores(store: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path | str:
    """Runs a test over each kind of store: every mesh it opens keeps its records there."""
    if isinstance(store, Path):
        return tmp_path / "state" / "mesh.db"
    monkeypatch.setattr(world, "store_url", store)
    return store


@pytest.fixture
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def other() -> Iterator[FakeOpenAI]:
    """A second upstream."""
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install plugins as a package would: by entry points that are found on the path."""

    def install(group: str = PROVIDER_GROUP, **points: str) -> None:
        folder = tmp_path / "site-packages"
        about = folder / "mesh_plugins_of_a_test-1.0.dist-info"
        about.mkdir(parents=True, exist_ok=True)
        (about / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: mesh-plugins-of-a-test\nVersion: 1.0\n"
        )
        lines = [f"{name} = {target}" for name, target in points.items()]
        with (about / "entry_points.txt").open("a") as file:
            file.write("\n".join([f"[{group}]", *lines, ""]))
        monkeypatch.syspath_prepend(str(folder))

    return install


@pytest.fixture
def mesh(
    tmp_path: Path, upstream: FakeOpenAI, jp_asyncio_loop: asyncio.AbstractEventLoop
) -> Iterator[Mesh]:
    """A mesh with one connection, for tests that change what is configured."""
    opened = mesh_of(tmp_path, {"up": connection(upstream)})
    yield jp_asyncio_loop.run_until_complete(opened.__aenter__())
    jp_asyncio_loop.run_until_complete(opened.__aexit__(None, None, None))
