"""What is promised of each route, said a second time. `test_route_rules.py` fails for a route that
has no rule here, or another scope than its rule says.

A new route: write a rule. Where its path, query or body names something of somebody's own, name
ada's by a placeholder (`{call}`, `{key}`, `{model}`); the tests ask for it as bob, who must get the
same answer as for what does not exist. A new field of a query needs a value in `QUERY`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from jupyter_mesh_server.route import Route
from jupyter_mesh_server.routes import ROUTES

from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.principal import Scope

USE, CONFIGURE, AUDIT, ADMIN = Scope.USE, Scope.CONFIGURE, Scope.AUDIT, Scope.ADMIN

MESSAGES: Json = [{"role": "user", "content": "{word}"}]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What must hold of one route.

    Attributes:
        scope: What its caller needs; None: nothing.
        path: With placeholders of `World.names` for its parameters.
        body: One that it takes.
        calls: Whether it reaches a provider, so that headers must not route it.
        answers: Statuses a caller with every right gets for ada's objects.
    """

    scope: Scope | None
    path: str = ""
    body: JsonObject | None = None
    calls: bool = False
    answers: tuple[int, ...] = (200,)


def _call(**fields: Json) -> Rule:
    return Rule(scope=USE, body={"model": "{model}", **fields}, calls=True, answers=(200, 400, 502))


RULES: Mapping[str, Rule] = {
    "POST /v1/chat/completions": _call(messages=MESSAGES),
    "POST /v1/completions": _call(prompt="{word}"),
    "POST /v1/responses": _call(input="{word}"),
    "POST /v1/embeddings": _call(input="{word}"),
    "POST /v1/rerank": _call(query="{word}", documents=["a", "b"]),
    "POST /v1/classify": _call(input="{word}"),
    "POST /v1/moderations": Rule(scope=USE, body={"input": "{word}"}, calls=True),
    "GET /v1/models": Rule(scope=USE),
    "GET /v1/models/{id:path}": Rule(scope=USE, path="/v1/models/{model}"),
    "POST /anthropic/v1/messages": _call(messages=MESSAGES, max_tokens=50),
    "POST /anthropic/v1/messages/count_tokens": Rule(
        scope=USE, body={"model": "{model}", "messages": MESSAGES}, calls=True
    ),
    "GET /anthropic/v1/models": Rule(scope=USE),
    "GET /anthropic/v1/models/{id:path}": Rule(scope=USE, path="/anthropic/v1/models/{model}"),
    "GET /api/me": Rule(scope=USE),
    "GET /api/revision": Rule(scope=USE),
    "PUT /api/preferences": Rule(scope=CONFIGURE, body={"default_model": "{model}"}),
    "GET /api/models": Rule(scope=USE),
    "POST /api/offers/{id}/accept": Rule(
        scope=CONFIGURE, path="/api/offers/{absent}/accept", answers=(404,)
    ),
    "GET /api/costs": Rule(scope=USE),
    "GET /api/usage": Rule(scope=USE),
    "GET /api/usage/forecast": Rule(scope=USE),
    "GET /api/budgets": Rule(scope=USE),
    "GET /api/calls": Rule(scope=USE),
    "GET /api/calls/{id}": Rule(scope=USE, path="/api/calls/{call}"),
    "POST /api/dry-run": Rule(
        scope=USE,
        body={"operation": "chat", "body": {"model": "{model}", "messages": MESSAGES}},
        calls=True,
    ),
    "GET /api/budgets/use": Rule(scope=ADMIN),
    "GET /api/settings/{kind}": Rule(scope=ADMIN, path="/api/settings/connections"),
    "PUT /api/settings/{kind}/{name}": Rule(
        scope=ADMIN, path="/api/settings/aliases/{word}", body={"body": {"models": ["up/m"]}}
    ),
    "DELETE /api/settings/{kind}/{name}": Rule(
        scope=ADMIN, path="/api/settings/aliases/{absent}", answers=(404,)
    ),
    "GET /api/changes": Rule(scope=AUDIT),
    "GET /api/providers": Rule(scope=ADMIN),
    "GET /api/connections": Rule(scope=ADMIN),
    "POST /api/connections/{name}/test": Rule(
        scope=ADMIN, path="/api/connections/up/test", body={}
    ),
    "GET /api/secrets": Rule(scope=ADMIN),
    "PUT /api/secrets/{name}": Rule(
        scope=ADMIN, path="/api/secrets/{word}", body={"value": "{canary}"}
    ),
    "DELETE /api/secrets/{name}": Rule(
        scope=ADMIN, path="/api/secrets/{absent}", answers=(404,)
    ),
    "POST /api/master-key/rotate": Rule(scope=ADMIN),
    "DELETE /api/cache": Rule(scope=CONFIGURE),
    "POST /api/audit/verify": Rule(scope=AUDIT, body={}),
    "GET /api/audit/checkpoint": Rule(scope=AUDIT),
    "GET /api/audit/export": Rule(scope=USE),
    "GET /api/audit/acts": Rule(scope=AUDIT),
    "POST /api/audit/erase": Rule(scope=ADMIN, body={"user": "{absent}"}),
    "GET /api/inventory": Rule(scope=AUDIT),
    "GET /api/inventory/export": Rule(scope=AUDIT),
    "GET /api/performance": Rule(scope=USE),
    "GET /api/performance/{key:path}": Rule(scope=USE, path="/api/performance/{model}"),
    "GET /api/keys": Rule(scope=USE),
    "POST /api/keys": Rule(
        scope=CONFIGURE, body={"name": "{word}", "application": "a", "models": ["{model}"]},
        answers=(201,),
    ),
    "DELETE /api/keys/{name}": Rule(scope=CONFIGURE, path="/api/keys/{key}"),
    "GET /api/alerts": Rule(scope=AUDIT),
    "GET /api/alerts/summary": Rule(scope=AUDIT),
    "POST /api/alerts/{id}/acknowledge": Rule(
        scope=AUDIT, path="/api/alerts/{absent}/acknowledge", answers=(404,)
    ),
    "POST /api/alerts/channels/{name}/test": Rule(
        scope=ADMIN, path="/api/alerts/channels/{absent}/test", answers=(404,)
    ),
    "GET /api/alerts/channels": Rule(scope=ADMIN),
    "GET /api/guards": Rule(scope=ADMIN),
    "GET /api/guards/use": Rule(scope=AUDIT),
    "POST /api/guards/try": Rule(scope=ADMIN, body={"text": "{word}"}),
    "POST /api/guards/replay": Rule(scope=ADMIN, body={"calls": 5}),
    "POST /api/guards/{name}/read": Rule(
        scope=ADMIN, path="/api/guards/{absent}/read", answers=(404,)
    ),
    "GET /api/health": Rule(scope=ADMIN),
    "GET /api/openapi.json": Rule(scope=None),
    "GET /healthz": Rule(scope=None),
    "GET /readyz": Rule(scope=None),
    "GET /metrics": Rule(scope=ADMIN),
}  # fmt: skip

QUERY: Mapping[str, str] = {
    "after": "0.0000000000000000",
    "since": "2026-01-01",
    "until": "2100-01-01",
    "by": "model",
    "view": "all",
    "format": "csv",
    "user": "ada",
    "group": "hers",
    "application": "{application}",
    "connection": "up",
    "provider": "openai_compatible",
    "model": "{model}",
    "purpose": "{purpose}",
    "outcome": "answered",
    "document": "{document}",
    "key": "ada",
    "operation": "chat",
    "error_code": "provider_error",
    "verdict": "passed",
    "finding": "EMAIL_ADDRESS",
    "min_cost_usd": "0",
    "has_finding": "false",
    "tag": "a=b",
    "before": "{call}",
    "limit": "5",
    "window": "month",
    "timezone": "UTC",
    "step": "hour",
    "state": "all",
    "kind": "aliases",
    "name": "{word}",
    "version": "1",
    "content": "true",
    "subject": "{call}",
    "act": "export",
}
"""A value of ada's for every field that any route takes."""

PRIVATE = ("call", "key", "model")
"""Placeholders of what is ada's own: others must not learn that it is there."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Asked:
    """One request, filled in."""

    method: str
    path: str
    body: JsonObject | None
    query: dict[str, str] = field(default_factory=dict[str, str])


def label(route: Route) -> str:
    return f"{route.method} {route.path}"


def rule_of(route: Route) -> Rule:
    return RULES[label(route)]


def names_in(route: Route) -> set[str]:
    """Placeholders in the path and body of a route's rule."""
    rule = rule_of(route)
    return set(_PLACEHOLDER.findall(f"{rule.path} {rule.body}"))


def asked(route: Route, names: Mapping[str, str]) -> Asked:
    """The request that a rule describes, with `names` for its placeholders."""
    rule = rule_of(route)
    path = fill(rule.path or route.path, names)
    body = None if rule.body is None else filled(rule.body, names)
    return Asked(route.method, str(path), body)  # type: ignore[arg-type]


def fill(text: str, names: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: names[found[1]], text)


def filled(value: Json, names: Mapping[str, str]) -> Json:
    if isinstance(value, dict):
        return {name: filled(one, names) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, names) for one in value]
    return fill(value, names) if isinstance(value, str) else value


ALL = [*ROUTES]
