"""A gateway of a few lines that speaks the mesh's HTTP: the client is tested over real sockets."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiohttp import web

TOKEN = "kernel-token"
CARD = {
    "kind": "model", "provider": "openai", "connection": "openai", "targets": [],
    "operations": ["chat"], "capabilities": ["stream"], "context_window": 8192, "max_output": 1000,
    "residency": "external", "trains_on_requests": False, "retains_requests": None,
    "offline_demo": False, "description": "", "speed": None, "healthy": True,
    "price": {"input": "1", "output": "2", "source": "admin"},
}  # fmt: skip
SPEND = {
    "cost_usd": "0.42", "saved_usd": "0.1", "calls": 3, "cached_calls": 1,
    "input_tokens": 1800, "output_tokens": 16, "unpriced": 0,
}  # fmt: skip

BUDGET = {
    "name": "me", "limit_usd": "50", "spent_usd": "18.2", "held_usd": "0", "window": "month",
    "window_start": "2026-11-01T00:00:00Z", "window_end": "2026-12-01T00:00:00Z",
    "hard": True, "forecast_usd": "41",
}  # fmt: skip


@dataclass
class Script:
    """What the gateway does with one chat request."""

    pieces: list[str] = field(default_factory=lambda: ["Hello", " world"])
    status: int = 200
    error: dict[str, Any] | None = None
    error_after: dict[str, Any] | None = None
    hang: bool = False
    cut: bool = False
    pause: float = 0.0
    cost: str | None = "0.0012"
    retry_after: str | None = None
    notices: list[dict[str, Any]] = field(default_factory=list)
    finish: str = "stop"


@dataclass
class Received:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class FakeGateway:
    """Runs in a thread of its own; `answer` decides about each chat request."""

    def __init__(self, socket: Path | None = None) -> None:
        self.answer: Callable[[dict[str, Any]], Script] = lambda body: Script()
        self.received: list[Received] = []
        self.disconnected = threading.Event()
        self.streaming = threading.Event()
        self.models = [
            {**CARD, "id": "openai/small"},
            {**CARD, "id": "openai/large", "price": {"input": "10", "output": "20", "source": "x"}},
            {**CARD, "id": "fast", "kind": "alias", "targets": ["openai/small"]},
            {**CARD, "id": "local/free-of-price", "price": None},
        ]
        self.offers = [
            {"id": "ollama", "title": "Ollama on this machine", "provider": "openai_compatible",
             "models": ["llama3", "qwen3"], "price_note": "no charge", "residency": "local"},
        ]  # fmt: skip
        self.default_model: str | None = "openai/small"
        self.default_once_connected: str | None = None
        self.documents: list[str | None] = []
        self._socket = socket
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def chats(self) -> list[Received]:
        return [request for request in self.received if request.path.endswith("/completions")]

    def start(self) -> FakeGateway:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    async def _listen(self) -> None:
        app = web.Application(middlewares=[self._record])
        app.router.add_post("/mesh/v1/chat/completions", self._chat)
        app.router.add_post("/mesh/api/dry-run", self._dry_run)
        app.router.add_post("/mesh/api/offers/{id}/accept", self._accept)
        for name in ("me", "models", "costs", "budgets"):
            app.router.add_get(f"/mesh/api/{name}", getattr(self, f"_{name}"))
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        if self._socket is not None:
            await web.UnixSite(self._runner, str(self._socket)).start()
            self.url = "http+unix://" + str(self._socket).replace("/", "%2F") + "/mesh/"
        else:
            site = web.TCPSite(self._runner, "127.0.0.1", 0)
            await site.start()
            port = self._runner.addresses[0][1]
            self.url = f"http://127.0.0.1:{port}/mesh/"

    @web.middleware
    async def _record(self, request: web.Request, handler: Any) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        self.received.append(
            Received(request.method, request.path, dict(request.query), dict(request.headers), body)
        )
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refuse(401, {"message": "No such token.", "code": "invalid_api_key"})
        return await handler(request)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        script = self.answer(body)
        headers = {"X-Mesh-Request-Id": f"call-{len(self.chats)}"}
        if script.retry_after:
            headers["Retry-After"] = script.retry_after
        if script.error:
            return _refuse(script.status, script.error, headers)
        try:
            if not body.get("stream"):
                return await self._whole(body, script, headers)
            return await self._streamed(request, body, script, headers)
        except (ConnectionError, asyncio.CancelledError):
            self.disconnected.set()
            raise

    async def _whole(
        self, body: dict[str, Any], script: Script, headers: dict[str, str]
    ) -> web.Response:
        self.streaming.set()
        await asyncio.sleep(3600 if script.hang else script.pause)
        message = {"role": "assistant", "content": "".join(script.pieces)}
        reply = {
            "object": "chat.completion",
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": script.finish}],
            "usage": _usage(script),
            "mesh": self._details(body, script, headers),
        }
        return web.json_response(reply, headers=headers)

    async def _streamed(
        self, request: web.Request, body: dict[str, Any], script: Script, headers: dict[str, str]
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={**headers, "Content-Type": "text/event-stream"})
        await response.prepare(request)

        async def send(chunk: object) -> None:
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())

        for piece in script.pieces:
            delta = {"choices": [{"index": 0, "delta": {"content": piece}}]}
            await send({"object": "chat.completion.chunk", "model": body["model"], **delta})
            await asyncio.sleep(script.pause)
            self.streaming.set()
        if script.hang:
            await asyncio.sleep(3600)
        if script.error_after:
            await send({"error": script.error_after})
            return response
        if script.cut:
            return response
        await send({"choices": [{"index": 0, "delta": {}, "finish_reason": script.finish}]})
        details = self._details(body, script, headers)
        await send({"choices": [], "usage": _usage(script), "mesh": details})
        await response.write(b"data: [DONE]\n\n")
        return response

    def _details(
        self, body: dict[str, Any], script: Script, headers: dict[str, str]
    ) -> dict[str, Any]:
        return {
            "request_id": headers["X-Mesh-Request-Id"],
            "model": "openai/small" if body["model"] == "fast" else body["model"],
            "cost_usd": script.cost,
            "cache": "miss",
            "notices": script.notices,
            "timing": {"total": 500.0, "first_token": 250.0, "overhead": 1.0},
        }

    async def _dry_run(self, request: web.Request) -> web.Response:
        body = (await request.json())["body"]
        model = "openai/small" if body["model"] == "fast" else body["model"]
        cards = {card["id"]: card for card in self.models}
        if body["model"] not in cards:
            message = f"No model {body['model']!r} is open to you."
            return _refuse(404, {"message": message, "code": "model_not_found"})
        price = cards[model]["price"]
        tokens = len(json.dumps(body["messages"]).split())
        given = [body[name] for name in ("max_tokens", "max_completion_tokens") if name in body]
        output = min(max(given, default=1000), 1000) * body.get("n", 1)

        def cost(out: int) -> str | None:
            if price is None:
                return None
            millionths = Decimal(price["input"]) * tokens + Decimal(price["output"]) * out
            return str(millionths / 1_000_000)

        return web.json_response(
            {
                "model": model, "candidates": [model], "prompt": body, "blocked": False,
                "findings": [
                    {"guard": "patterns", "entity": "EMAIL_ADDRESS", "action": "redact", "count": 1}
                ],
                "input_tokens": tokens, "max_output_tokens": output,
                "estimated_cost_usd": cost(output // 10), "max_cost_usd": cost(output),
                "max_input_cost_usd": cost(0),
            }
        )  # fmt: skip

    async def _me(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "user": "ada", "groups": ["analysts"], "scopes": ["use"], "via": "kernel",
                "host": "personal", "version": "0.1.0", "purposes": [], "purpose_required": False,
                "default_model": self.default_model,
            }
        )  # fmt: skip

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"models": self.models, "offers": self.offers, "default_model": self.default_model}
        )

    async def _accept(self, request: web.Request) -> web.Response:
        accepted = [offer for offer in self.offers if offer["id"] == request.match_info["id"]]
        if not accepted:
            return _refuse(404, {"message": "No such offer.", "code": "not_found"})
        self.offers.remove(accepted[0])
        self.default_model = self.default_once_connected or self.default_model
        connection = accepted[0]["id"]
        self.models += [
            {**CARD, "id": f"{connection}/{name}", "connection": connection}
            for name in accepted[0]["models"]
        ]
        return await self._models(request)

    async def _costs(self, request: web.Request) -> web.Response:
        document = request.query.get("document")
        return web.json_response(
            {
                "document": document, "notebook": SPEND if document else None,
                "notebook_series": [], "today": SPEND, "month": SPEND,
                "month_by_model": [
                    {"name": "openai/small", "spend": SPEND},
                    {"name": "", "spend": {**SPEND, "cost_usd": "0"}},
                ],
                "month_by_application": [], "budgets": [BUDGET],
            }
        )  # fmt: skip

    async def _budgets(self, request: web.Request) -> web.Response:
        return web.json_response({"budgets": [BUDGET]})


def _usage(script: Script) -> dict[str, Any]:
    return {
        "prompt_tokens": 7,
        "completion_tokens": len(script.pieces),
        "total_tokens": 7 + len(script.pieces),
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


def _refuse(
    status: int, error: dict[str, Any], headers: dict[str, str] | None = None
) -> web.Response:
    problem = {"type": "x", "param": None, "request_id": "call-0", **error}
    return web.json_response({"error": problem}, status=status, headers=headers)
