"""Channels as forms to be filled in."""

from __future__ import annotations

from typing import cast

from ...schemas.alerts import ChannelKind, ChannelKinds
from ...schemas.channels import EmailChannel, SlackChannel, WebhookChannel
from ...schemas.json import JsonObject
from ..forms import form_of

_KINDS = {"email": EmailChannel, "webhook": WebhookChannel, "slack": SlackChannel}
_WHICH = "channel"
"""Says which kind it is; not asked for, since the form is that kind's."""


def channel_kinds() -> ChannelKinds:
    """Every kind of channel with the form of its settings."""
    kinds: list[ChannelKind] = []
    for name, model in _KINDS.items():
        form = form_of(model)
        fields = dict(cast(JsonObject, form["properties"]))
        del fields[_WHICH]
        title = str(form["description"]).partition(".")[0]
        form["properties"] = fields
        kinds.append(ChannelKind(name=name, title=title, config_schema=form))
    return ChannelKinds(channels=kinds)
