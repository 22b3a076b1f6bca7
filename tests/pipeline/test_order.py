"""The order of the steps is a safety property."""

from __future__ import annotations

from jupyter_mesh.pipeline.order import ORDER


def test_the_steps_stand_in_the_decided_order() -> None:
    assert [step.__name__ for step in ORDER] == [
        "Audit",
        "Authorize",
        "Resolve",
        "Limit",
        "Screen",
        "Cached",
        "Budget",
        "Moderate",
        "PriceStep",
    ]
