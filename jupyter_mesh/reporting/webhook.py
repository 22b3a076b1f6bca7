"""Alerts as JSON by POST, signed."""

from __future__ import annotations

import hashlib
import hmac
import time

import orjson

from ..schemas.alerts import About, Alert
from .egress import Egress


def signed(body: bytes, secret: str | None) -> dict[str, str]:
    """Headers of a body. `X-Mesh-Signature` is `t=<Unix seconds>,v1=<hex>`, where `v1` is the
    HMAC-SHA256 of `<t>.<body>` under the secret; a receiver refuses what is old or does not match.
    """
    headers = {"Content-Type": "application/json", "User-Agent": "jupyter-mesh"}
    if secret is not None:
        at = str(int(time.time()))
        proof = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        headers["X-Mesh-Signature"] = f"t={at},v1={proof}"
    return headers


async def send_webhook(
    egress: Egress, url: str, secret: str | None, alert: Alert, about: About, delivery: str
) -> None:
    """POST one alert. `X-Mesh-Delivery` stays the same when it is tried again.

    Raises:
        NotDelivered: It was not taken with a 2xx.
    """
    shown = alert.model_dump(mode="json", exclude={"deliveries"})
    body = orjson.dumps({"event": about, "delivery": delivery, "alert": shown})
    await egress.post(url, body, {**signed(body, secret), "X-Mesh-Delivery": delivery})
