"""What the Python tests share: pytest-jupyter's server and event loop, and a clean environment."""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mesh.references import PRESIDIO_VARIABLE
from jupyter_mesh.storage.schema import upgrade
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.testing.postgres import ScratchPostgres

pytest_plugins = ["pytest_jupyter.jupyter_server"]

# Presidio is installed where the tests run. What `standard` finds with it is tested apart: here,
# and in the processes that tests start, it stands for the detectors that are always there.
os.environ[PRESIDIO_VARIABLE] = "off"


@pytest.fixture(autouse=True)
def no_gateway_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the gateway of the notebook that the tests may have been started from."""
    for name in ("JUPYTER_MESH_URL", "JUPYTER_MESH_TOKEN", "JUPYTER_MESH_CONFIG"):
        # Set first, so that what a server under test exports is taken back afterwards too.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[ScratchPostgres]:
    """A server for the whole run; every test has a database of its own in it."""
    with ScratchPostgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgres: ScratchPostgres) -> str:
    """The name of a database that has the tables: copying it is faster than making them."""
    url = postgres.create_database()
    upgrade(url)
    return url.rpartition("/")[2]


SEALING_KEY = base64.b64encode(bytes(range(32))).decode()
STORES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]


@pytest.fixture(params=STORES)
def new_store(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Path | str]]:
    """Makes a store of each kind: the path of SQLite's, or the URL of PostgreSQL's."""
    numbers = itertools.count(1)
    if request.param == "sqlite":
        yield lambda: tmp_path / f"mesh{next(numbers)}.db"
        return
    # Time itself is tested apart: here a writer is dead as soon as its session ended.
    monkeypatch.setattr("jupyter_mesh.storage.postgres_presence.GRACE_SECONDS", 0.0)
    monkeypatch.setenv(KEY_VARIABLE, SEALING_KEY)  # there is no folder for a key file
    server: ScratchPostgres = request.getfixturevalue("postgres")
    template: str = request.getfixturevalue("migrated")
    made: list[str] = []

    def make() -> str:
        made.append(server.create_database(template))
        return made[-1]

    yield make
    for url in made:
        server.drop_database(url)


@pytest.fixture(params=STORES)
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """A store of each kind that has no tables yet."""
    if request.param == "sqlite":
        yield tmp_path / "mesh.db"
        return
    server: ScratchPostgres = request.getfixturevalue("postgres")
    url = server.create_database()
    yield url
    server.drop_database(url)


@pytest.fixture
def store(new_store: Callable[[], Path | str]) -> Path | str:
    """One store, and the test runs once for each kind."""
    return new_store()
