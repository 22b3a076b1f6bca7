"""Bodies of the mesh's own HTTP API (`/mesh/api/…`). OpenAPI and the frontend's types come from
these.

Money is a decimal string in USD (exact; never a float), time is RFC 3339 in UTC, durations are
milliseconds.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field, JsonValue

from .body import Body as Body
from .usage import GROUPINGS as GROUPINGS
from .usage import Spend as Spend
from .usage import Usage as Usage
from .usage import UsageRow as UsageRow


class SiteLink(Body):
    """The gateway's own pages, where JupyterLab has none of them."""

    url: str = Field(description="An absolute path, or a whole URL where it is another host's.")
    administers: bool = Field(description="Whether the caller administers the gateway there.")


class Me(Body):
    """Who the caller is and what the gateway offers them."""

    user: str
    groups: list[str]
    scopes: list[str]
    via: str
    host: Literal["personal", "hub", "standalone"]
    version: str
    purposes: list[str] = Field(description="Purposes open to the caller; empty: free text.")
    purpose_required: bool
    default_model: str | None
    admin_contact: str | None = None
    file_formats: list[str] = Field(
        default_factory=list, description="As which files records and figures may be had here."
    )
    site: SiteLink | None = Field(
        default=None, description="On a JupyterHub: where one's own pages and the admins' are."
    )


class Revision(Body):
    """Names what is configured now and what the caller may do: another one, another view."""

    revision: str = Field(
        description="Opaque. Sent as `after`, the request waits until it is another one, for at "
        "most about 20 s: views that are open follow a change so."
    )


class PriceCard(Body):
    """USD per million tokens."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    per_request: Decimal = Field(
        default=Decimal(0), description="USD for each request besides; rankings cost nothing else."
    )
    source: str
    as_of: date | None = Field(
        default=None, description="When somebody last looked that it is so; null: nobody said."
    )


class Speed(Body):
    """Measured over the last 24 hours by this gateway; absent when nothing was measured."""

    calls: int
    p50_ms: float | None
    p95_ms: float | None
    first_token_ms: float | None
    tokens_per_second: float | None
    error_rate: float
    sparkline: list[float | None] = Field(
        description="Median total ms in each of 24 hours, oldest first."
    )


class ModelCard(Body):
    """One model or alias the caller may use."""

    id: str
    kind: Literal["model", "alias"]
    provider: str
    connection: str
    targets: list[str] = Field(description="For an alias: the models behind it, in order.")
    strategy: str | None = None
    operations: list[str]
    capabilities: list[str]
    lacks: list[str] = Field(
        default_factory=list[str], description="What it is known not to do: refused before a call."
    )
    tokenizer: str | None = Field(default=None, description="Family of its tokenizer.")
    facts_source: str | None = Field(
        default=None, description="Who says what it can do, and as of when."
    )
    context_window: int | None
    max_output: int | None
    price: PriceCard | None
    residency: Literal["local", "region", "external"]
    trains_on_requests: bool | None
    retains_requests: str | None
    terms_checked: date | None = Field(
        default=None, description="When somebody last looked that both are so."
    )
    terms_source: str | None = Field(default=None, description="Where it is said.")
    offline_demo: bool
    description: str
    speed: Speed | None
    healthy: bool = Field(description="False while its circuit is open.")
    purposes: list[str] = Field(
        default_factory=list[str],
        description="What the caller may use it for; empty: whatever they may declare.",
    )


class Offer(Body):
    """Something the mesh found and could connect: off until accepted."""

    id: str
    title: str = Field(description="Such as 'OpenAI (key found in OPENAI_API_KEY)'.")
    provider: str
    models: list[str]
    price_note: str
    residency: Literal["local", "region", "external"]
    prices: dict[str, PriceCard] = Field(
        default_factory=dict[str, PriceCard],
        description="By model, where the price list that ships with the gateway has it.",
    )
    key_note: str | None = Field(
        default=None, description="What connecting does to a key found in the environment."
    )


class Models(Body):
    """The catalogue as this caller sees it."""

    models: list[ModelCard]
    offers: list[Offer]
    default_model: str | None


MOST_CALLS = 200
"""Calls on one page."""


class BudgetStatus(Body):
    """One budget window that applies to the caller."""

    name: str
    limit_usd: Decimal
    raised_until: datetime | None = Field(
        default=None, description="Until then the limit is higher than usual."
    )
    usual_limit_usd: Decimal | None = Field(default=None, description="Which holds from then on.")
    spent_usd: Decimal
    held_usd: Decimal
    window: str
    window_start: datetime
    window_end: datetime | None
    hard: bool
    forecast_usd: Decimal | None = Field(
        description="Expected by the end of the window: by the weeks before it where the budget is "
        "a user's or everybody's, else at the present rate."
    )
    forecast_low_usd: Decimal | None = Field(
        default=None, description="With the next: four times of five it comes out in between."
    )
    forecast_high_usd: Decimal | None = None


class NamedSpend(Body):
    """Spend of one model or application."""

    name: str
    spend: Spend


class CostSummary(Body):
    """Everything the cost part of the sidebar shows, computed once, by the gateway."""

    document: str | None
    notebook: Spend | None
    notebook_series: list[Decimal] = Field(
        description="Cost of the notebook's last 20 calls, oldest first."
    )
    today: Spend
    month: Spend
    month_by_model: list[NamedSpend]
    month_by_application: list[NamedSpend]
    budgets: list[BudgetStatus]


class TokenCounts(Body):
    """Tokens by class; `input` includes cached, `output` includes reasoning."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    input_audio: int = 0
    output_audio: int = 0
    input_image: int = 0
    estimated: bool = False


class Timings(Body):
    """Milliseconds since the call entered the gateway."""

    total: float
    first_token: float | None = None
    upstream: float | None = None
    overhead: float | None = None


class CallSummary(Body):
    """One line of the list of calls."""

    id: str
    started_at: datetime
    user: str
    application: str
    document: str | None
    purpose: str
    operation: str
    requested_model: str
    model: str | None
    outcome: Literal[
        "pending", "answered", "cached", "refused", "blocked", "failed", "aborted", "interrupted"
    ]
    tokens: TokenCounts
    cost_usd: Decimal | None
    timing: Timings | None
    error_code: str | None
    parent: str | None = None
    groups: list[str] = Field(
        default_factory=list, description="The caller's groups at that moment."
    )
    connection: str | None = None
    key: str | None = Field(default=None, description="Name of the API key; null for people.")
    has_finding: bool = Field(default=False, description="A guard found something.")
    stands_for: int = Field(
        default=1,
        description="How many calls this record is of. More than one: calls of one caller that "
        "were turned away unread because a limit had just refused them, within about a second.",
    )


class CallPage(Body):
    """Newest first; `next` is None on the last page.

    A search that finds little may return a page that is not full, or empty, with a `next`: it has
    looked back to `searched_to` and goes on from there.
    """

    calls: list[CallSummary]
    next: str | None
    searched_to: datetime | None = None


class CallDetail(Body):
    """Everything recorded of one call."""

    summary: CallSummary
    candidates: list[str]
    attempts: list[JsonValue]
    notices: list[JsonValue]
    verdicts: list[JsonValue]
    screened: str
    finish_reason: str | None
    error_message: str | None
    charged_group: str = Field(description="The group that pays; empty where there is none.")
    saved_usd: Decimal
    saved_by_fallback_usd: Decimal
    cost_by_class_usd: dict[str, Decimal] = Field(
        description="`input` and `output` are what is left beside the other classes of tokens; "
        "`request` is what each call costs. Empty where it is not known."
    )
    price_source: str | None
    priced_at: datetime | None = Field(description="When the price was taken from that source.")
    tags: dict[str, JsonValue]
    request: JsonValue | None = Field(
        description="As sent, after redaction; null where policy keeps none."
    )
    response: JsonValue | None
    content: Literal["none", "redacted", "full", "withheld", "erased", "expired"] = Field(
        default="none",
        description="How `request` and `response` were kept; `withheld`: only the caller and "
        "auditors may read them; `none`: policy keeps none of such calls; `erased`: what was kept "
        "was destroyed on demand; `expired`: text is not kept for so long.",
    )
    content_until: datetime | None = Field(
        default=None, description="Until when text of it is kept; of an expired one: was."
    )
    erased_at: datetime | None = None
    children: list[CallSummary]


class Preference(Body):
    """A user's default model; null clears it."""

    default_model: str | None


class DryRun(Body):
    """What a call would do; nothing was sent."""

    model: str
    candidates: list[str]
    prompt: JsonValue = Field(description="The body as it would be sent, after redaction.")
    findings: list[JsonValue] = Field(
        description="Kinds and counts of what would be redacted, blocked or alerted."
    )
    screened: bool = Field(
        default=True,
        description="Whether some rule for requests holds for it; if not, nothing was looked for.",
    )
    blocked: bool
    input_tokens: int
    max_output_tokens: int = Field(
        description="Of all answers together: as many as `max_tokens` and the model allow. Where "
        "neither is known, 2,048 for each are assumed."
    )
    estimated_cost_usd: Decimal | None = Field(
        description="Input plus expected output; null when unpriced."
    )
    max_cost_usd: Decimal | None = Field(
        description="The dearest candidate's, for all of `max_output_tokens`; null when unpriced."
    )
    max_input_cost_usd: Decimal | None = Field(
        default=None, description="What of `max_cost_usd` is for the input; null when unpriced."
    )


class Health(Body):
    """`status` is `ok` or `unavailable`; `checks` says why."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, str]
    version: str


class Problem(Body):
    """The `error` object of every refusal: OpenAI's shape plus `request_id`."""

    message: str
    type: str
    param: str | None = None
    code: str
    request_id: str | None = None


class ErrorBody(Body):
    """What every refusal looks like."""

    error: Problem


class Budgets(Body):
    """Every budget window that applies to the caller."""

    budgets: list[BudgetStatus]


class DryRunRequest(Body):
    """A request to be priced and screened but not sent."""

    operation: Literal["chat", "completion", "embedding", "rerank", "classify"] = "chat"
    body: dict[str, JsonValue] = Field(description="The body the operation's route would take.")
