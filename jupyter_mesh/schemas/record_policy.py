"""Rules of the record: how durable it is, what of it is kept, and where else it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from .durations import Duration
from .guard_rules import Target
from .policy import Rule


class TelemetryRule(Rule):
    """Where OpenTelemetry traces go, by OTLP over HTTP.

    Attributes:
        endpoint: Such as `https://collector.example.org:4318/v1/traces`; None: what
            `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` or `OTEL_EXPORTER_OTLP_ENDPOINT` names, or nothing.
        headers: Sent along; values may be `env:NAME` or `file:PATH`.
        private: Allow addresses of this machine and of private networks.
        ca_file: Certificates to trust instead of the system's.
        service: Its `service.name`.
    """

    endpoint: str | None = Field(default=None, pattern=r"^https?://")
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    private: bool = True
    ca_file: str | None = None
    service: str = "jupyter-mesh"


class SinkRule(BaseModel):
    """Where records of calls go besides the store: `sink` is the plugin, further keys its settings.

    Attributes:
        content: With what was said, as far as `audit.content` keeps it.
        backfill: Begin with all the store holds, not with what is recorded from now on.
        batch: The most records it gets at once.
        seconds: How long it may take for them.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    sink: str
    content: bool = False
    backfill: bool = False
    batch: int = Field(default=100, ge=1, le=1000)
    seconds: float = Field(default=30.0, gt=0, le=600)

    @property
    def options(self) -> dict[str, object]:
        """The plugin's own settings."""
        return dict(self.model_extra or {})


Kept: TypeAlias = Literal["none", "redacted", "full"]
"""How much of what is said is kept: nothing; without what detectors find; as it came."""


class ContentRule(Rule):
    """How much is kept of calls that may go to some models, or come from some group."""

    target: Target = Field(default=Target(), alias="for")
    keep: Kept

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class AuditRule(Rule):
    """How durably calls are recorded, and how much of their content; that is always sealed.

    Attributes:
        content: How much of what is said is kept.
        content_for: Other answers for some calls; the first that fits a model counts, and of a
            call's models the one of which least is kept.
        retain: How long the record of a call is kept.
        content_retain: How long what was said is.
    """

    durability: Literal["strict", "batched"] = "strict"
    content: Kept = "redacted"
    content_for: tuple[ContentRule, ...] = ()
    retain: Duration = timedelta(days=400)
    content_retain: Duration = timedelta(days=30)
    sinks: dict[str, SinkRule] = Field(default_factory=dict[str, SinkRule])
    """Where records go besides the store, by name."""

    @property
    def keeps_content(self) -> bool:
        """Whether anything of what is said may be kept."""
        return self.content != "none" or any(one.keep != "none" for one in self.content_for)
