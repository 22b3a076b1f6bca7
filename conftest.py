"""What every test may ask for: a system part, a number of rounds, a seed."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from scripts.system_parts import PARTS

REQUIRE_ALL = "MESH_REQUIRE_ALL"
SOAK = "MESH_SOAK"
SEED = "MESH_SEED"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs(part): a system part, one of {', '.join(PARTS)}")
    config.addinivalue_line("markers", "soak: has a full count that `make soak` runs")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Report a test as not run when its system part is missing, or fail it where all must run."""
    for name in (name for mark in item.iter_markers("needs") for name in mark.args):
        part = PARTS[name]
        if part.find() is None:
            reason = f"not run: {part.program} is missing ({part.install_line})"
            if os.environ.get(REQUIRE_ALL):
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "rounds" in getattr(item, "fixturenames", ()):
            item.add_marker("soak")


@pytest.fixture
def rounds() -> Callable[[int, int], int]:
    """Choose how often a repeated test repeats: ``rounds(share, full)``, full in `make soak`."""
    return lambda share, full: full if os.environ.get(SOAK) else share


@pytest.fixture
def seed(record_property: Callable[[str, object], None]) -> int:
    """A seed for this test, shown when it fails; set MESH_SEED to repeat a run."""
    value = int(os.environ.get(SEED) or random.SystemRandom().randrange(2**32))
    record_property("seed", value)
    print(f"{SEED}={value}")
    return value
