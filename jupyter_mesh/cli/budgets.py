"""`jupyter mesh budgets list | raise | end`."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from urllib.parse import quote

from ..client import AsyncMesh
from ..client.figures import dollars
from ..errors import NotFound
from ..schemas.admin import SettingBody, Settings
from ..schemas.json import Json, JsonObject
from ..schemas.policy import BudgetRule
from ..schemas.raises import RaiseRule
from .gateway import ask_gateway
from .outcome import Output

_LONGEST_NAME = 100


def listed(arguments: Namespace, output: Output) -> int:
    """Each budget with its limit, and what raises it until when."""

    async def work(mesh: AsyncMesh) -> tuple[list[SettingBody], list[SettingBody]]:
        return await _settings(mesh, "budgets"), await _settings(mesh, "raises")

    budgets, raises = ask_gateway(arguments, work)
    if output.as_json:
        both = {"budgets": budgets, "raises": raises}
        output.value(
            {name: [one.model_dump(mode="json") for one in all] for name, all in both.items()}
        )
        return 0
    output.table(["BUDGET", "LIMIT", "WINDOW"], [_budget_cells(one) for one in budgets])
    if raises:
        output.line("")
        heads = ["RAISE", "BUDGET", "SHARE", "TO", "UNTIL", "BY", "WHY"]
        output.table(heads, [_raise_cells(one) for one in raises])
    return 0


def raise_one(arguments: Namespace, output: Output) -> int:
    """Let a budget spend more until a moment."""
    share = f" for {arguments.share}" if arguments.share else ""
    name = f"{arguments.budget}{share} until {arguments.until:%Y-%m-%d %H:%M}"[:_LONGEST_NAME]
    rule: dict[str, Json] = {
        "budget": arguments.budget,
        "share": arguments.share,
        "limit_usd": arguments.to,
        "until": arguments.until.isoformat(),
        "reason": arguments.reason,
    }
    body: JsonObject = {"body": rule, "version": None}

    async def work(mesh: AsyncMesh) -> None:
        await mesh.transport.call("PUT", _path(name), body=body)

    ask_gateway(arguments, work)
    if output.as_json:
        output.value({"name": name, **rule})
    else:
        output.line(f"{name}: raised to {arguments.to} USD. `budgets end` takes it back before.")
    return 0


def end(arguments: Namespace, output: Output) -> int:
    """Take a raise back before it is over."""

    async def work(mesh: AsyncMesh) -> None:
        found = [one for one in await _settings(mesh, "raises") if one.name == arguments.name]
        if not found:
            raise NotFound(f"There is no raise {arguments.name[:80]!r}; `budgets list` shows them.")
        version = found[0].version
        params = {} if version is None else {"version": str(version)}
        await mesh.transport.call("DELETE", _path(arguments.name), params=params)

    ask_gateway(arguments, work)
    output.aside(f"{arguments.name}: the budget's own limit holds again.")
    return 0


async def _settings(mesh: AsyncMesh, kind: str) -> list[SettingBody]:
    reply = await mesh.transport.call("GET", f"api/settings/{kind}")
    return Settings.model_validate(reply.body).settings


def _path(name: str) -> str:
    return f"api/settings/raises/{quote(name, safe='')}"


def _budget_cells(setting: SettingBody) -> tuple[object, ...]:
    rule = BudgetRule.model_validate(setting.body)
    return setting.name, dollars(rule.limit_usd), rule.window


def _raise_cells(setting: SettingBody) -> tuple[object, ...]:
    rule = RaiseRule.model_validate(setting.body)
    over = "" if rule.until > datetime.now(UTC) else " (over)"
    until = f"{rule.until:%Y-%m-%d %H:%M} UTC{over}"
    by = setting.changed_by or setting.managed_by
    return (
        setting.name,
        rule.budget,
        rule.share or "each",
        dollars(rule.limit_usd),
        until,
        by,
        rule.reason,
    )
