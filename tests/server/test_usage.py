"""Usage over HTTP: its shapes, its files and its refusals."""

from __future__ import annotations

import io

import pyarrow.parquet as parquet
import pytest
from aiohttp import ClientSession
from jupyter_mesh_server.service import Service

from jupyter_mesh.schemas.usage import Usage, UsageForecast

from .test_real_mesh import OWNER, hello, own_folders, service

__all__ = ["own_folders", "service"]
HEADERS = {"Authorization": f"Bearer {OWNER}"}


async def test_usage_and_its_forecast_are_as_described(service: Service) -> None:
    async with ClientSession(service.url, headers=HEADERS) as session:
        for _ in range(2):
            async with session.post("v1/chat/completions", json=hello()) as reply:
                assert reply.status == 200
        query = {"by": "user,model", "model": "echo/echo", "view": "own"}
        async with session.get("api/usage", params=query) as reply:
            usage = Usage.model_validate_json(await reply.read())
        assert [row.spend.calls for row in usage.rows] == [2]
        assert usage.where == {"model": "echo/echo"}
        async with session.get("api/usage/forecast", params={"window": "week"}) as reply:
            forecast = UsageForecast.model_validate_json(await reply.read())
        assert (forecast.window, forecast.view, forecast.calls) == ("week", "all", 2)


async def test_the_files_are_named_and_typed(service: Service) -> None:
    async with ClientSession(service.url, headers=HEADERS) as session:
        async with session.post("v1/chat/completions", json=hello()) as reply:
            assert reply.status == 200
        async with session.get("api/usage?by=model&format=csv&since=2026-01-01") as reply:
            assert reply.content_type == "text/csv"
            assert 'filename="usage-20260101-' in reply.headers["Content-Disposition"]
            assert (await reply.text()).startswith("model,cost_usd,")
        async with session.get("api/usage?by=model&format=parquet") as reply:
            assert reply.content_type == "application/vnd.apache.parquet"
            table = parquet.read_table(io.BytesIO(await reply.read()))
        assert table.column("model").to_pylist() == ["echo/echo"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("usage?by=weekday", "by"),
        ("usage?view=everybody", "view"),
        ("usage?format=xlsx", "format"),
        ("usage?colour=red", "colour"),
        ("usage/forecast?window=total", "window"),
        ("usage/forecast?timezone=Europe/Berln", "timezone"),
    ],
)
async def test_what_there_is_not_is_refused_by_name(
    service: Service, query: str, param: str
) -> None:
    async with (
        ClientSession(service.url, headers=HEADERS) as session,
        session.get(f"api/{query}") as reply,
    ):
        assert reply.status == 400
        assert (await reply.json())["error"]["param"] == param
