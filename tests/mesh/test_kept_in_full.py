"""How much is kept of what is said: nothing, without what detectors find, or all; by policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.schemas.api import CallDetail
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.testing.principals import analyst

from .world import ADA, ask, chat, mesh_of

CONNECTIONS = {"echo": {"provider": "echo"}, "second": {"provider": "echo"}}
SECRET = "Write to ada@example.org about it."
BOTH = {"both": {"models": ["echo/echo", "second/echo"]}}
LEGAL = analyst("lou")


async def kept(tmp_path: Path, model: str, who: object = ADA, **audit: object) -> CallDetail:
    groups = {"legal": {"members": ["lou"]}, "all": {"members": ["*"]}}
    async with mesh_of(tmp_path, CONNECTIONS, aliases=BOTH, groups=groups, audit=audit) as mesh:
        outcome = await ask(mesh, chat(SECRET, model=model), who)  # pyright: ignore[reportArgumentType]
        assert outcome.error is None
        return await mesh.call_detail(who, outcome.call.id)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("content", "shown"), [("none", False), ("redacted", False), ("full", True)]
)
async def test_as_much_is_kept_as_policy_says(tmp_path: Path, content: str, shown: bool) -> None:
    detail = await kept(tmp_path, "echo/echo", content=content)
    assert detail.content == content
    assert ("ada@example.org" in str(detail.request)) == shown
    assert ("ada@example.org" in str(detail.response)) == shown
    assert (detail.request is None) == (detail.response is None) == (content == "none")


FULL_IF_SECOND = [{"for": {"connection": "second"}, "keep": "full"}]
NOT_OF_LEGAL = [{"for": {"group": "legal"}, "keep": "none"}, {"keep": "full"}]


@pytest.mark.parametrize(
    ("rules", "model", "who", "expected"),
    [
        (FULL_IF_SECOND, "second/echo", ADA, "full"),
        (FULL_IF_SECOND, "echo/echo", ADA, "redacted"),
        (FULL_IF_SECOND, "both", ADA, "redacted"),  # least of all that may answer
        (NOT_OF_LEGAL, "echo/echo", LEGAL, "none"),
        (NOT_OF_LEGAL, "echo/echo", ADA, "full"),
        ([{"for": {"model": "second/*"}, "keep": "none"}], "both", ADA, "none"),
    ],
)
async def test_rules_say_more_or_less_for_some_calls(
    tmp_path: Path, rules: list[dict[str, object]], model: str, who: object, expected: str
) -> None:
    detail = await kept(tmp_path, model, who, content_for=rules)
    assert detail.content == expected


async def test_of_a_picture_only_what_it_is_is_kept_even_in_full(tmp_path: Path) -> None:
    url = "data:image/png;base64," + "iVBORw0KGgpwaXh0cw=="
    parts = [{"type": "text", "text": SECRET}, {"type": "image_url", "image_url": {"url": url}}]
    body = {"model": "echo/echo", "messages": [{"role": "user", "content": parts}]}
    async with mesh_of(tmp_path, CONNECTIONS, audit={"content": "full"}) as mesh:
        outcome = await ask(mesh, parse_request(Operation.CHAT, body))
        said = str((await mesh.call_detail(ADA, outcome.call.id)).request)
    assert "iVBORw0" not in said
    assert "13 bytes" in said
    assert "ada@example.org" in said
