"""The route table: every path of the gateway, who may use it, what goes in and what comes out.

A route without a scope is public and works without a mesh; `scope` has no default, so that
nobody forgets it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

from pydantic import BaseModel

from jupyter_mesh.schemas import (
    admin,
    alerts,
    api,
    audit_acts,
    audit_proof,
    inventory,
    performance,
    secrets,
    usage,
)
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.principal import Scope

from . import (
    admin_routes,
    alert_routes,
    api_routes,
    openai_routes,
    openai_shapes,
    record_routes,
    secret_routes,
    status_routes,
    usage_routes,
)
from .call_search import SEARCH_FIELDS
from .exchange import HttpRequest, Reply
from .gateway import Gateway

Handler: TypeAlias = Callable[[Gateway, HttpRequest, Json], Awaitable[Reply]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path.

    Attributes:
        path: Below `/mesh`; `{name}` takes one segment, decoded; `{name:path}` the rest, slashes
            included.
        scope: What the caller's credential must carry; None: anybody may ask.
        request: The body's model; None: no body is read.
        response: The body's model; None: not JSON of ours.
        query: Names of the query fields.
        streams: With `"stream": true` the reply is server-sent events.
    """

    method: str
    path: str
    handler: Handler
    scope: Scope | None
    summary: str
    request: type[BaseModel] | None = None
    response: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    streams: bool = False


def _openai(
    path: str,
    handler: Handler,
    request: type[BaseModel],
    response: type[BaseModel],
    summary: str,
    *,
    streams: bool = False,
) -> Route:
    return Route(
        method="POST",
        path=f"/v1/{path}",
        handler=handler,
        scope=Scope.USE,
        request=request,
        response=response,
        summary=summary,
        streams=streams,
    )


def _get(
    path: str,
    handler: Handler,
    response: type[BaseModel] | None,
    summary: str,
    *,
    scope: Scope | None = Scope.USE,
    query: tuple[str, ...] = (),
) -> Route:
    return Route(
        method="GET",
        path=path,
        handler=handler,
        scope=scope,
        response=response,
        summary=summary,
        query=query,
    )


_ALERTS = (
    _get(
        "/api/alerts",
        alert_routes.get_alerts,
        alerts.AlertPage,
        "What somebody should look at, the one opened last first",
        scope=Scope.AUDIT,
        query=("state", "kind", "before", "limit"),
    ),
    _get(
        "/api/alerts/summary",
        alert_routes.get_alert_summary,
        alerts.AlertSummary,
        "How many alerts are open, by severity",
        scope=Scope.AUDIT,
    ),
    _get(
        "/api/alerts/channels",
        alert_routes.get_channel_kinds,
        alerts.ChannelKinds,
        "Ways to tell of alerts, with the form of their settings",
        scope=Scope.ADMIN,
    ),
    Route(
        method="POST",
        path="/api/alerts/{id}/acknowledge",
        handler=alert_routes.acknowledge_alert,
        scope=Scope.AUDIT,
        response=alerts.Alert,
        summary="Say that one looks after an alert",
    ),
    Route(
        method="POST",
        path="/api/alerts/channels/{name}/test",
        handler=alert_routes.try_channel,
        scope=Scope.ADMIN,
        response=alerts.ChannelTest,
        summary="Send a message for trial over a channel",
    ),
)

_ADMIN = (
    _get(
        "/api/settings/{kind}",
        admin_routes.get_settings,
        admin.Settings,
        "One section of the configuration",
        scope=Scope.ADMIN,
    ),
    Route(
        method="PUT",
        path="/api/settings/{kind}/{name}",
        handler=admin_routes.put_setting,
        scope=Scope.ADMIN,
        request=admin.SettingUpdate,
        response=admin.SettingBody,
        summary="Set one object of the configuration; in force at once",
    ),
    Route(
        method="DELETE",
        path="/api/settings/{kind}/{name}",
        handler=admin_routes.delete_setting,
        scope=Scope.ADMIN,
        response=admin.Nothing,
        summary="Remove one object of the configuration",
        query=("version",),
    ),
    _get(
        "/api/changes",
        admin_routes.get_changes,
        admin.SettingChanges,
        "Who changed what of the configuration, newest first",
        scope=Scope.AUDIT,
        query=("kind", "name", "before", "limit"),
    ),
    _get(
        "/api/providers",
        admin_routes.get_providers,
        admin.ProviderKinds,
        "Providers that are installed, with the form of their connections",
        scope=Scope.ADMIN,
    ),
    _get(
        "/api/connections",
        admin_routes.get_connections,
        admin.Connections,
        "Connections and their state",
        scope=Scope.ADMIN,
    ),
    Route(
        method="POST",
        path="/api/connections/{name}/test",
        handler=admin_routes.test_connection,
        scope=Scope.ADMIN,
        request=admin.ConnectionTrial,
        response=admin.ConnectionTest,
        summary="Try a connection; asks no model",
    ),
    _get(
        "/api/secrets",
        secret_routes.get_secrets,
        secrets.SealedSecretList,
        "Secrets that are sealed in the store, without their values",
        scope=Scope.ADMIN,
    ),
    Route(
        method="PUT",
        path="/api/secrets/{name}",
        handler=secret_routes.put_secret,
        scope=Scope.ADMIN,
        request=secrets.SecretValue,
        response=admin.Nothing,
        summary="Seal a secret; calls that run end with the old value",
    ),
    Route(
        method="DELETE",
        path="/api/secrets/{name}",
        handler=secret_routes.delete_secret,
        scope=Scope.ADMIN,
        response=admin.Nothing,
        summary="Delete a secret that nothing uses",
    ),
    Route(
        method="POST",
        path="/api/master-key/rotate",
        handler=secret_routes.rotate_master_key,
        scope=Scope.ADMIN,
        response=secrets.SecretRotation,
        summary="Seal every secret under a new key; nothing needs a restart",
    ),
    Route(
        method="DELETE",
        path="/api/cache",
        handler=admin_routes.purge_cache,
        scope=Scope.CONFIGURE,
        response=admin.Purged,
        summary="Forget answers that are kept: one's own; anybody's for admins",
        query=("model", "user"),
    ),
    Route(
        method="POST",
        path="/api/audit/verify",
        handler=admin_routes.verify_audit,
        scope=Scope.AUDIT,
        request=audit_proof.AuditCheck,
        response=audit_proof.AuditVerdict,
        summary="Check that the record was not altered",
    ),
    _get(
        "/api/audit/checkpoint",
        admin_routes.get_checkpoint,
        audit_proof.Checkpoint,
        "Where the record ends now, signed",
        scope=Scope.AUDIT,
    ),
    _get(
        "/api/audit/export",
        record_routes.export_calls,
        None,
        "Recorded calls as a file: JSON lines, CSV or Parquet",
        query=("format", "content", "view", *SEARCH_FIELDS),
    ),
    _get(
        "/api/audit/acts",
        record_routes.get_acts,
        audit_acts.AuditActs,
        "Who read whose content, exported, erased; newest first",
        scope=Scope.AUDIT,
        query=("subject", "act", "before", "limit"),
    ),
    Route(
        method="POST",
        path="/api/audit/erase",
        handler=record_routes.erase_content,
        scope=Scope.ADMIN,
        request=audit_acts.Erasure,
        response=audit_acts.Erased,
        summary="Destroy what is kept of what a user said; the record of the calls stays",
    ),
    _get(
        "/api/inventory/export",
        record_routes.export_inventory,
        None,
        "The inventory as a file: JSON lines, CSV or Parquet",
        scope=Scope.AUDIT,
        query=("format", "since", "until"),
    ),
    _get(
        "/api/inventory",
        record_routes.get_inventory,
        inventory.InventoryReport,
        "Which model is used where, by whom, for what purpose",
        scope=Scope.AUDIT,
        query=("since", "until"),
    ),
    _get(
        "/api/performance",
        admin_routes.get_performance,
        performance.PerformanceReport,
        "Percentiles of speed, errors and what an slo promised",
        query=("since", "until", "by"),
    ),
    _get(
        "/api/performance/{key:path}",
        admin_routes.get_performance_series,
        performance.PerformanceSeries,
        "One model, connection or provider over time",
        query=("since", "until", "by", "step"),
    ),
    _get("/api/keys", admin_routes.get_keys, admin.Keys, "API keys: one's own; all for admins"),
    Route(
        method="POST",
        path="/api/keys",
        handler=admin_routes.create_key,
        scope=Scope.CONFIGURE,
        request=admin.KeyRequest,
        response=admin.NewKey,
        summary="Make an API key",
    ),
    Route(
        method="DELETE",
        path="/api/keys/{name}",
        handler=admin_routes.revoke_key,
        scope=Scope.CONFIGURE,
        response=admin.Nothing,
        summary="Take an API key back",
    ),
)

ROUTES: tuple[Route, ...] = (
    _openai(
        "chat/completions",
        openai_routes.chat_completions,
        openai_shapes.ChatRequest,
        openai_shapes.ChatAnswer,
        "Ask a chat model",
        streams=True,
    ),
    _openai(
        "completions",
        openai_routes.completions,
        openai_shapes.CompletionRequest,
        openai_shapes.CompletionAnswer,
        "Continue a text",
        streams=True,
    ),
    _openai(
        "embeddings",
        openai_routes.embeddings,
        openai_shapes.InputRequest,
        openai_shapes.ListAnswer,
        "Turn texts into vectors",
    ),
    _openai(
        "rerank",
        openai_routes.rerank,
        openai_shapes.RerankRequest,
        openai_shapes.RerankAnswer,
        "Order documents by relevance",
    ),
    _openai(
        "classify",
        openai_routes.classify,
        openai_shapes.InputRequest,
        openai_shapes.ListAnswer,
        "Classify texts",
    ),
    _get("/v1/models", openai_routes.list_models, openai_shapes.ModelList, "Models one may use"),
    _get("/v1/models/{id:path}", openai_routes.get_model, openai_shapes.Model, "One model"),
    _get("/api/me", api_routes.get_me, api.Me, "Who the caller is"),
    Route(
        method="PUT",
        path="/api/preferences",
        handler=api_routes.put_preferences,
        scope=Scope.CONFIGURE,
        request=api.Preference,
        response=api.Me,
        summary="Set the caller's default model",
    ),
    _get("/api/models", api_routes.get_models, api.Models, "Model cards, aliases and offers"),
    Route(
        method="POST",
        path="/api/offers/{id}/accept",
        handler=api_routes.accept_offer,
        scope=Scope.CONFIGURE,
        response=api.Models,
        summary="Connect something the mesh has found",
    ),
    _get(
        "/api/costs",
        api_routes.get_costs,
        api.CostSummary,
        "What the sidebar shows of costs",
        query=("document",),
    ),
    _get(
        "/api/usage",
        usage_routes.get_usage,
        usage.Usage,
        "Spend grouped by any of " + ", ".join(usage.GROUPINGS),
        query=usage_routes.USAGE_QUERY,
    ),
    _get(
        "/api/usage/forecast",
        usage_routes.get_forecast,
        usage.UsageForecast,
        "What the running window will have cost at its end",
        query=usage_routes.FORECAST_QUERY,
    ),
    _get("/api/budgets", api_routes.get_budgets, api.Budgets, "Budgets that apply to the caller"),
    _get(
        "/api/calls",
        api_routes.get_calls,
        api.CallPage,
        "Recorded calls, newest first: one's own, a team's, or all",
        query=("view", *SEARCH_FIELDS, "before", "limit"),
    ),
    _get("/api/calls/{id}", api_routes.get_call, api.CallDetail, "Everything recorded of one call"),
    Route(
        method="POST",
        path="/api/dry-run",
        handler=api_routes.dry_run,
        scope=Scope.USE,
        request=api.DryRunRequest,
        response=api.DryRun,
        summary="What a call would send and cost; nothing is sent",
    ),
    *_ADMIN,
    *_ALERTS,
    _get("/api/health", status_routes.get_health, api.Health, "How it is", scope=Scope.ADMIN),
    _get(
        "/api/openapi.json",
        status_routes.openapi,
        None,
        "This description",
        scope=None,
    ),
    _get("/healthz", status_routes.healthz, None, "Alive", scope=None),
    _get("/readyz", status_routes.readyz, None, "Takes calls", scope=None),
    _get("/metrics", status_routes.metrics, None, "Prometheus metrics", scope=Scope.ADMIN),
)

PARAMETER = re.compile(r"\{(\w+)(:path)?\}")


def _group(parameter: re.Match[str]) -> str:
    return f"(?P<{parameter[1]}>{'.+' if parameter[2] else '[^/]+'})"


class Table:
    """Finds the route of a request: a dictionary look-up, patterns only for what has parameters."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._fixed: dict[str, dict[str, Route]] = {}
        self._patterns: dict[re.Pattern[str], dict[str, Route]] = {}
        for route in routes:
            if "{" in route.path:
                pattern = re.compile(PARAMETER.sub(_group, route.path))
                self._patterns.setdefault(pattern, {})[route.method] = route
            else:
                self._fixed.setdefault(route.path, {})[route.method] = route

    def find(self, path: str) -> tuple[Mapping[str, Route], Mapping[str, str]]:
        """The routes of a path by method, and its decoded parameters; empty where there is none."""
        if (methods := self._fixed.get(path)) is not None:
            return methods, {}
        for pattern, methods in self._patterns.items():
            if (match := pattern.fullmatch(path)) is not None:
                return methods, {name: unquote(value) for name, value in match.groupdict().items()}
        return {}, {}
