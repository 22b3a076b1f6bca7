from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_mesh.client import Mesh, connect
from jupyter_mesh.client.caller import Notebook, find_notebooks_with
from tests.client.fake_gateway import TOKEN, FakeGateway


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    gateway = FakeGateway().start()
    yield gateway
    gateway.stop()


@pytest.fixture
def mesh(gateway: FakeGateway) -> Iterator[Mesh]:
    with connect(gateway.url, TOKEN) as mesh:
        yield mesh


@pytest.fixture(autouse=True)
def no_notebook() -> Iterator[None]:
    yield
    find_notebooks_with(Notebook)
