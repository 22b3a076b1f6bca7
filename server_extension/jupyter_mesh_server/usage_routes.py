"""`/mesh/api/usage…`: what was spent, by whom and on what, and what the window will have cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, TypeAlias, TypeVar

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.mesh.focus_file import FOCUS_BY, to_focus
from jupyter_mesh.mesh.usage_files import to_csv, to_parquet
from jupyter_mesh.schemas.call_search import View
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.policy import known_zone
from jupyter_mesh.schemas.usage import FIELDS, MOST_ROWS, ForecastWindow, Usage

from .exchange import HttpRequest, JsonReply, Reply
from .gateway import Gateway
from .moments import moment
from .replies import reply_with

USAGE_QUERY = ("since", "until", "by", "view", "format", *FIELDS)
FORECAST_QUERY = ("window", "timezone", "view", *FIELDS)
_MOST_FILE_ROWS = 1_000_000
_Format: TypeAlias = Literal["json", "csv", "parquet", "focus"]
_FORMATS: dict[str, _Format] = {
    "json": "json",
    "csv": "csv",
    "parquet": "parquet",
    "focus": "focus",
}
_CSV = "text/csv; charset=utf-8"
_VIEWS: dict[str, View] = {"own": "own", "team": "team", "all": "all"}
_WINDOWS: dict[str, ForecastWindow] = {
    "day": "day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
}

T = TypeVar("T")


async def get_usage(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/usage?since=&until=&by=day,model&view=&format=&model=…`; without `since` this
    month's. A FOCUS dataset is grouped as the specification wants it.
    """
    fields = request.fields(*USAGE_QUERY)
    kind = _one_of(fields, "format", _FORMATS) or "json"
    now = datetime.now(UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if kind == "focus" and "by" in fields:
        raise InvalidRequest(
            "A FOCUS dataset is grouped by what its columns hold: leave `by` out.", param="by"
        )
    by = [name for name in fields.get("by", "day").split(",") if name]
    usage = await gateway.mesh.usage_reports.usage(
        request.principal,
        since=moment(fields, "since") or month,
        until=moment(fields, "until") or now,
        by=FOCUS_BY if kind == "focus" else list(dict.fromkeys(by)),
        view=_view(fields),
        where=_where(fields),
        most=MOST_ROWS if kind == "json" else _MOST_FILE_ROWS,
    )
    if kind == "json":
        return reply_with(usage)
    content, ending, media = _file(gateway, usage, kind)
    name = f"usage-{usage.since:%Y%m%d}-{usage.until:%Y%m%d}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JsonReply(content, 200, headers, media)


def _file(gateway: Gateway, usage: Usage, kind: _Format) -> tuple[bytes, str, str]:
    """What stands in a file, how its name ends, and its media type."""
    if kind == "parquet":
        return to_parquet(usage), "parquet", "application/vnd.apache.parquet"
    if kind == "focus":
        return to_focus(usage, gateway.mesh.administration.label_of), "focus.csv", _CSV
    return to_csv(usage), "csv", _CSV


async def get_forecast(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/usage/forecast?window=month&timezone=Europe/Berlin&view=&model=…`."""
    fields = request.fields(*FORECAST_QUERY)
    window = _one_of(fields, "window", _WINDOWS)
    try:
        zone = known_zone(fields.get("timezone", "UTC"))
    except ValueError as error:
        raise InvalidRequest(f"`timezone`: {error}.", param="timezone") from None
    forecast = await gateway.mesh.usage_reports.forecast(
        request.principal,
        window=window or "month",
        timezone=zone,
        view=_view(fields),
        where=_where(fields),
    )
    return reply_with(forecast)


def _where(fields: dict[str, str]) -> dict[str, str]:
    return {name: fields[name] for name in FIELDS if name in fields}


def _view(fields: dict[str, str]) -> View | None:
    return _one_of(fields, "view", _VIEWS)


def _one_of(fields: dict[str, str], name: str, known: Mapping[str, T]) -> T | None:
    value = fields.get(name)
    if value is not None and value not in known:
        raise InvalidRequest(f"`{name}` is one of {', '.join(known)}.", param=name)
    return None if value is None else known[value]
