"""What an admin is told of an address that is not reached."""

from __future__ import annotations

import pytest

from jupyter_mesh.reporting.egress import Egress, NotDelivered


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://nobody.invalid/hook", "No computer of this name is found: check the address."),
        ("http://127.0.0.1:9/hook", "The connection was refused: nobody listens there."),
    ],
)
async def test_why_an_address_is_not_reached_is_said_in_words(url: str, said: str) -> None:
    with pytest.raises(NotDelivered) as failure:
        await Egress(private=True).post(url, b"{}", {})
    assert failure.value.message == said
