"""What an admin is told of without asking: the conditions, and the bodies of `/mesh/api/alerts`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from pydantic import Field, JsonValue

from .api import Body
from .json import Json, JsonObject

AlertKind: TypeAlias = Literal[
    "budget_near",
    "budget_reached",
    "limit",
    "guard",
    "moderation",
    "outage",
    "slo",
    "audit",
    "unpriced",
    "prices",
    "key_expiring",
    "sink",
]
"""What an alert may be about.

`budget_near` and `budget_reached`: a threshold of a budget, and its limit. `limit`: a limit refused
calls repeatedly. `guard`: screening found what its rule blocks or alerts on; `moderation`: a judge
did. `outage`: a model's circuit is open. `slo`: a promise is not held. `audit`: calls cannot be
recorded. `unpriced`: a model answered whose price is unknown. `prices`: nobody has looked at prices
in use for too long. `key_expiring`: an API key ends
soon, or has ended. `sink`: a sink of the audit is far behind.
"""
ALERT_KINDS: tuple[AlertKind, ...] = get_args(AlertKind)

Severity: TypeAlias = Literal["info", "warning", "critical"]

AlertState: TypeAlias = Literal["open", "acknowledged", "resolved"]

Listed: TypeAlias = Literal["open", "acknowledged", "resolved", "all"]
LISTED: tuple[Listed, ...] = get_args(Listed)

About: TypeAlias = Literal["opened", "resolved"]

MOST_ALERTS = 200
"""On one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A condition as it was seen.

    Attributes:
        subject: What it is about; with `kind` it says which alert this is.
        title: One line.
        text: What happened and the next step. Never a prompt's text.
        details: What is needed to see whether it has ended; not shown.
        count: How often it was seen.
    """

    kind: AlertKind
    subject: str
    severity: Severity
    title: str
    text: str
    details: JsonObject = field(default_factory=dict[str, Json])
    count: int = 1


class AlertDelivery(Body):
    """What came of telling one channel."""

    channel: str
    about: About = Field(description="Whether it tells that the alert began or that it ended.")
    state: Literal["waiting", "sending", "retrying", "sent", "failed"] = Field(
        description="`waiting`: not tried yet, such as in the channel's quiet period. `failed`: "
        "given up."
    )
    at: datetime | None = Field(description="Of the last try.")
    error: str | None = Field(description="Why the last try failed.")
    attempts: int
    next_at: datetime | None = Field(description="When it is tried next.")


class Alert(Body):
    """One condition somebody should look at. There is one alert for each kind and subject."""

    id: str
    kind: AlertKind
    severity: Severity
    subject: str = Field(description="What it is about, such as a model or a budget.")
    title: str
    text: str = Field(description="What happened and the next step; never a prompt's text.")
    count: int = Field(description="How often it was seen since it was opened.")
    first_seen: datetime = Field(description="When it was opened, the last time.")
    last_seen: datetime
    state: AlertState
    reopened: int = Field(description="How often it had been resolved and came back.")
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    deliveries: list[AlertDelivery]
    call: str | None = Field(default=None, description="The call in which it was seen last.")


class AlertPage(Body):
    """Alerts, the one that was opened last first."""

    alerts: list[Alert]
    next: str | None = Field(description="To be sent as `before` for the next page.")


class AlertSummary(Body):
    """How many alerts are open, by severity, and how many somebody is at."""

    info: int
    warning: int
    critical: int
    acknowledged: int


class ChannelKind(Body):
    """A way to tell of alerts, and the form of its settings."""

    name: str
    title: str
    config_schema: dict[str, JsonValue] = Field(
        description="JSON Schema; fields of format `secret` take a secret."
    )


class ChannelKinds(Body):
    """The ways there are to tell of alerts."""

    channels: list[ChannelKind]


class ChannelTest(Body):
    """What came of sending a message for trial."""

    ok: bool
    latency_ms: float
    error: str | None = Field(description="Why it did not arrive, with the next step.")
