"""`jupyter mesh alerts list | ack | test`."""

from __future__ import annotations

from argparse import Namespace
from urllib.parse import quote

from ..client import AsyncMesh
from ..schemas.alerts import Alert, AlertPage, ChannelTest
from .gateway import ask_gateway
from .outcome import FAILED, Output


def list_alerts(arguments: Namespace, output: Output) -> int:
    """Print what somebody should look at, the one opened last first."""

    async def work(mesh: AsyncMesh) -> AlertPage:
        params = {"state": arguments.show, "limit": "200"}
        reply = await mesh.transport.call("GET", "api/alerts", params=params)
        return AlertPage.model_validate(reply.body)

    page = ask_gateway(arguments, work)
    if output.as_json:
        output.value(page.model_dump(mode="json"))
        return 0
    for one in page.alerts:
        times = f", {one.count} times" if one.count > 1 else ""
        output.line(f"{one.id}  {one.severity}  {one.state}  {one.title}{times}")
        output.line(f"    {one.text}")
    if not page.alerts:
        output.line("There is nothing.")
    return 0


def acknowledge(arguments: Namespace, output: Output) -> int:
    """Say that one looks after an alert."""

    async def work(mesh: AsyncMesh) -> Alert:
        path = f"api/alerts/{quote(arguments.id, safe='')}/acknowledge"
        return Alert.model_validate((await mesh.transport.call("POST", path)).body)

    alert = ask_gateway(arguments, work)
    if output.as_json:
        output.value(alert.model_dump(mode="json"))
    else:
        output.line(f"{alert.title}: {alert.state}, {alert.acknowledged_by or 'nobody'} is at it.")
    return 0


def try_channel(arguments: Namespace, output: Output) -> int:
    """Send a message for trial over a channel."""

    async def work(mesh: AsyncMesh) -> ChannelTest:
        path = f"api/alerts/channels/{quote(arguments.channel, safe='')}/test"
        return ChannelTest.model_validate((await mesh.transport.call("POST", path)).body)

    tried = ask_gateway(arguments, work)
    if output.as_json:
        output.value(tried.model_dump(mode="json"))
    else:
        output.line("It was taken." if tried.ok else f"It did not arrive: {tried.error}")
    return 0 if tried.ok else FAILED
