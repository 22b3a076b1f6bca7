"""Alerts in the shape of Slack's incoming webhooks."""

from __future__ import annotations

import orjson

from ..schemas.alerts import About, Alert
from .egress import Egress
from .wording import body, headline

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""So that nothing in a name becomes a link or calls the whole channel."""


async def send_slack(egress: Egress, url: str, alert: Alert, about: About) -> None:
    """POST one message.

    Raises:
        NotDelivered: It was not taken with a 2xx.
    """
    lines = f"*{headline(alert, about)}*\n{body(alert, about)}"
    await egress.post(
        url, orjson.dumps({"text": lines.translate(_ESCAPES)}), {"Content-Type": "application/json"}
    )
