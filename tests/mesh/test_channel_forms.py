"""The forms of alert channels say what each of their fields is."""

from __future__ import annotations

from typing import cast

import pytest

from jupyter_mesh.mesh.alerting.channel_forms import channel_kinds
from jupyter_mesh.schemas.json import JsonObject

KINDS = {one.name: one for one in channel_kinds().channels}


def fields(kind: str) -> dict[str, JsonObject]:
    return cast("dict[str, JsonObject]", KINDS[kind].config_schema["properties"])


@pytest.mark.parametrize("kind", ["email", "webhook", "slack"])
def test_every_field_has_a_description(kind: str) -> None:
    silent = [name for name, field in fields(kind).items() if not field.get("description")]
    assert silent == []


def test_what_a_webhook_needs_is_in_its_own_words() -> None:
    webhook = fields("webhook")
    assert "X-Mesh-Signature" in str(webhook["secret"]["description"])
    assert "private networks" in str(webhook["private"]["description"])
    assert "incoming webhook" in str(fields("slack")["url"]["description"])
