"""The route table: every path of the gateway."""

from __future__ import annotations

from pydantic import BaseModel

from jupyter_mesh.schemas import api, usage
from jupyter_mesh.schemas.principal import Scope
from jupyter_mesh.schemas.request import Operation

from . import (
    api_routes,
    messages_routes,
    messages_shapes,
    openai_routes,
    openai_shapes,
    responses_routes,
    revision_routes,
    status_routes,
    usage_routes,
)
from .admin_table import ADMIN, ALERTS, GUARDS
from .call_search import SEARCH_FIELDS
from .route import Handler, Route, get


def _ask(
    path: str,
    handler: Handler,
    request: type[BaseModel],
    response: type[BaseModel],
    summary: str,
    asks: Operation | None,
    *,
    streams: bool = False,
    below: str = "/v1",
) -> Route:
    return Route(
        method="POST",
        path=f"{below}/{path}",
        handler=handler,
        scope=Scope.USE,
        request=request,
        response=response,
        summary=summary,
        streams=streams,
        asks=asks,
    )


ROUTES: tuple[Route, ...] = (
    _ask(
        "chat/completions",
        openai_routes.chat_completions,
        openai_shapes.ChatRequest,
        openai_shapes.ChatAnswer,
        "Ask a chat model",
        Operation.CHAT,
        streams=True,
    ),
    _ask(
        "responses",
        responses_routes.responses,
        openai_shapes.ResponsesRequest,
        openai_shapes.ResponsesAnswer,
        "Ask a chat model by the Responses API, without state",
        Operation.CHAT,
        streams=True,
    ),
    _ask(
        "completions",
        openai_routes.completions,
        openai_shapes.CompletionRequest,
        openai_shapes.CompletionAnswer,
        "Continue a text",
        Operation.COMPLETION,
        streams=True,
    ),
    _ask(
        "embeddings",
        openai_routes.embeddings,
        openai_shapes.InputRequest,
        openai_shapes.ListAnswer,
        "Turn texts into vectors",
        Operation.EMBEDDING,
    ),
    _ask(
        "rerank",
        openai_routes.rerank,
        openai_shapes.RerankRequest,
        openai_shapes.RerankAnswer,
        "Order documents by relevance",
        Operation.RERANK,
    ),
    _ask(
        "classify",
        openai_routes.classify,
        openai_shapes.InputRequest,
        openai_shapes.ListAnswer,
        "Classify texts",
        Operation.CLASSIFY,
    ),
    _ask(
        "moderations",
        openai_routes.moderations,
        openai_shapes.ModerationRequest,
        openai_shapes.ModerationAnswer,
        "Have texts judged by the guards of the mesh",
        Operation.MODERATION,
    ),
    get("/v1/models", openai_routes.list_models, openai_shapes.ModelList, "Models one may use"),
    get("/v1/models/{id:path}", openai_routes.get_model, openai_shapes.Model, "One model"),
    _ask(
        "messages",
        messages_routes.messages,
        messages_shapes.MessagesRequest,
        messages_shapes.MessageAnswer,
        "Ask a chat model by Anthropic's Messages API",
        Operation.CHAT,
        streams=True,
        below="/anthropic/v1",
    ),
    _ask(
        "messages/count_tokens",
        messages_routes.count_tokens,
        messages_shapes.CountRequest,
        messages_shapes.TokenCount,
        "Count the tokens of a prompt; nothing is sent",
        None,
        below="/anthropic/v1",
    ),
    get(
        "/anthropic/v1/models",
        messages_routes.list_anthropic_models,
        messages_shapes.ModelPage,
        "Models one may use, as Anthropic lists them",
    ),
    get(
        "/anthropic/v1/models/{id:path}",
        messages_routes.get_anthropic_model,
        messages_shapes.ModelInfo,
        "One model, as Anthropic shows it",
    ),
    get("/api/me", api_routes.get_me, api.Me, "Who the caller is"),
    Route(
        method="PUT",
        path="/api/preferences",
        handler=api_routes.put_preferences,
        scope=Scope.CONFIGURE,
        request=api.Preference,
        response=api.Me,
        summary="Set the caller's default model",
    ),
    get(
        "/api/revision",
        revision_routes.get_revision,
        api.Revision,
        "Which rules and rights are in force; with `after`, once it is another, or in a while",
        query=("after",),
        wait=revision_routes.another,
    ),
    get("/api/models", api_routes.get_models, api.Models, "Model cards, aliases and offers"),
    Route(
        method="POST",
        path="/api/offers/{id}/accept",
        handler=api_routes.accept_offer,
        scope=Scope.CONFIGURE,
        response=api.Models,
        summary="Connect something the mesh has found",
    ),
    get(
        "/api/costs",
        api_routes.get_costs,
        api.CostSummary,
        "What the sidebar shows of costs",
        query=("document",),
    ),
    get(
        "/api/usage",
        usage_routes.get_usage,
        usage.Usage,
        "Spend grouped by any of " + ", ".join(usage.GROUPINGS),
        query=usage_routes.USAGE_QUERY,
    ),
    get(
        "/api/usage/forecast",
        usage_routes.get_forecast,
        usage.UsageForecast,
        "What the running window will have cost at its end",
        query=usage_routes.FORECAST_QUERY,
    ),
    get("/api/budgets", api_routes.get_budgets, api.Budgets, "Budgets that apply to the caller"),
    get(
        "/api/calls",
        api_routes.get_calls,
        api.CallPage,
        "Recorded calls, newest first: one's own, a team's, or all",
        query=("view", *SEARCH_FIELDS, "before", "limit"),
    ),
    get("/api/calls/{id}", api_routes.get_call, api.CallDetail, "Everything recorded of one call"),
    Route(
        method="POST",
        path="/api/dry-run",
        handler=api_routes.dry_run,
        scope=Scope.USE,
        request=api.DryRunRequest,
        response=api.DryRun,
        summary="What a call would send and cost; nothing is sent",
    ),
    *ADMIN,
    *ALERTS,
    *GUARDS,
    get("/api/health", status_routes.get_health, api.Health, "How it is", scope=Scope.ADMIN),
    get(
        "/api/openapi.json",
        status_routes.openapi,
        None,
        "This description",
        scope=None,
    ),
    get("/healthz", status_routes.healthz, None, "Alive", scope=None),
    get("/readyz", status_routes.readyz, None, "Takes calls", scope=None),
    get("/metrics", status_routes.metrics, None, "Prometheus metrics", scope=Scope.ADMIN),
)
