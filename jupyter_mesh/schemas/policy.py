"""Rules as `mesh.yaml` and the admin API write them; one validated model for both."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Annotated, Literal, TypeAlias, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from .durations import Duration as Duration
from .durations import parse_duration, write_duration
from .terms import Requirement


def known_zone(name: str) -> str:
    """`name`, if it is a time zone; raises ValueError with the nearest one otherwise."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = get_close_matches(name, available_timezones(), n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ", such as Europe/Berlin"
        raise ValueError(f"there is no time zone {name!r}{hint}") from None
    return name


class Rule(BaseModel):
    """Base of every rule: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelChoice(Rule):
    """A choice of models by name; `require` leaves out what is not so."""

    require: Requirement | None = None

    @model_validator(mode="before")
    @classmethod
    def _residency_is_required(cls, said: object) -> object:
        if isinstance(said, dict) and "residency" in said:
            raise ValueError(
                "`residency` stands inside `require`, as in `require: {residency: [local, region]}`"
            )
        return cast(object, said)


class GroupRule(ModelChoice):
    """What the members of a group may use; `allow` takes names and globs of models and aliases.

    Attributes:
        leads: Who sees the records of the group's calls (never their content); written like
            `members`.
        members_see_calls: Every member does.
        require: What a model that `allow` names must be besides, so that this group opens it.
        role: What keys that its members make or are given may carry besides: `auditor` reads
            every record, `admin` also administers. It gives no key these rights by itself.
        purposes: What its members may declare that a call is for; empty: anything.
        purposes_for: By names and globs of models: this group opens them for these purposes only,
            and not for calls that declare none.
    """

    members: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    members_see_calls: bool = False
    allow: tuple[str, ...] = ("*",)
    role: Literal["user", "auditor", "admin"] = "user"
    indexes: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    purposes_for: dict[str, tuple[str, ...]] = Field(default_factory=dict[str, tuple[str, ...]])
    purpose_required: bool = False

    @model_validator(mode="after")
    def _purposes_can_be_declared(self) -> GroupRule:
        for glob, purposes in self.purposes_for.items():
            if not purposes:
                raise ValueError(f"`purposes_for` names no purpose for {glob!r}")
            for one in purposes:
                if self.purposes and one not in self.purposes:
                    raise ValueError(
                        f"`purposes_for` names {one!r} for {glob!r}, which is not among `purposes`:"
                        f" {', '.join(self.purposes)}"
                    )
        return self

    def purposes_of(self, model: str) -> tuple[str, ...]:
        """What it opens a model for; empty: whatever may be declared."""
        return tuple(
            dict.fromkeys(
                purpose
                for glob, purposes in self.purposes_for.items()
                if fnmatchcase(model, glob)
                for purpose in purposes
            )
        )


class Scope(Rule):
    """Whom or what a budget or limit applies to; every field that is set must match. `"*"` means
    each
    one
    apart: `{user: "*"}` gives every user an allowance of their own.
    """

    user: str | None = None
    group: str | None = None
    application: str | None = None
    key: str | None = None
    connection: str | None = None
    model: str | None = None


Window: TypeAlias = Literal["hour", "day", "week", "month", "quarter", "total"]
_ROLLING = "rolling "


def _known_rolling(window: str) -> str:
    if not window.startswith(_ROLLING):
        raise ValueError(
            "a window is hour, day, week, month, quarter, total or such as rolling 24h"
        )
    length = cast(timedelta, parse_duration(window.removeprefix(_ROLLING).strip()))
    if length < timedelta(minutes=1):
        raise ValueError("a rolling window is a minute long at least")
    return f"{_ROLLING}{write_duration(length)}"


RollingWindow = Annotated[str, AfterValidator(_known_rolling)]
"""`rolling 24h`: the last 24 hours at every moment."""


class BudgetRule(Rule):
    """Money per window. `warn` only raises an alert; `block` refuses with 402."""

    name: str | None = None
    """What people call it, in messages and in the list of rules."""
    scope: Scope = Scope()
    limit_usd: Decimal = Field(ge=0)
    window: Window | RollingWindow = Field(default="month", union_mode="left_to_right")
    """From the beginning of the hour, day, week … in `timezone`; or `rolling 24h`: the last 24
    hours at every moment.
    """
    on_limit: Literal["block", "warn"] = "block"
    alert_at: tuple[float, ...] = (0.8, 1.0)
    reserve_output_tokens: int = Field(default=2048, ge=1)
    unknown_price: Literal["refuse", "maximum", "allow"] = "maximum"
    """A model without a price: refuse it under this budget; reserve and charge as much as the
    dearest model there is might cost; or let it pass, flagged as unpriced.
    """
    fallback: bool = False
    """Pays only for models that no other budget of the caller covers."""
    timezone: Annotated[str, AfterValidator(known_zone)] = "UTC"

    @cached_property
    def alert_amounts(self) -> tuple[tuple[float, Decimal], ...]:
        """The shares at which it alerts and what they are in USD, the least first."""
        return tuple(
            (share, self.limit_usd * Decimal(str(share))) for share in sorted(self.alert_at)
        )

    @cached_property
    def rolling(self) -> timedelta | None:
        """The length of a rolling window; None where it begins by the calendar."""
        if not self.window.startswith(_ROLLING):
            return None
        return cast(timedelta, parse_duration(self.window.removeprefix(_ROLLING)))

    @cached_property
    def ledger_name(self) -> str:
        """What the ledger calls its windows, but for the share: it stays while the limit is
        edited. One for the rest has windows of its own: what it does not pay, another does.
        """
        scope = sorted(self.scope.model_dump(exclude_none=True).items())
        rest = " rest" if self.fallback else ""
        return f"{','.join(f'{k}={v}' for k, v in scope) or 'everyone'}{rest}|{self.window}"


class LimitRule(Rule):
    """Rates and parallelism; None means no limit of that kind."""

    name: str | None = None
    """What people call it, in messages and in the list of rules."""
    scope: Scope = Scope(user="*")
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)
    parallel: int | None = Field(default=None, ge=1)
    wait_seconds: float = Field(default=2.0, ge=0, le=60)

    @cached_property
    def share_name(self) -> str:
        """What its shares are called where they are counted, by every gateway alike. With a name it
        stays while the numbers are edited.
        """
        numbers = ("requests_per_minute", "tokens_per_minute", "parallel")
        said = self.model_dump(exclude_none=True, include={*numbers})
        scope = self.scope.model_dump(exclude_none=True)
        return ",".join(
            [
                *((f"name={self.name}", *sorted(said)) if self.name else ()),
                *(f"{key}={value}" for key, value in sorted(scope.items())),
                *(() if self.name else (f"{key}={value}" for key, value in sorted(said.items()))),
            ]
        )


class AliasRule(ModelChoice):
    """One name for several models, tried by strategy; `require` leaves out what is not so."""

    models: tuple[str, ...] = Field(min_length=1)
    strategy: Literal["ordered", "weighted", "cheapest", "fastest"] = "ordered"
    weights: tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...] = ()

    @model_validator(mode="after")
    def _weights_fit(self) -> AliasRule:
        if self.strategy == "weighted" and len(self.weights) != len(self.models):
            raise ValueError("`weights` needs one number for each of `models`")
        if self.strategy == "weighted" and not any(self.weights):
            raise ValueError("`weights` are all 0, so no model would ever be chosen")
        return self


CacheScope: TypeAlias = Literal["user", "group", "everyone"]


class ExactCacheRule(Rule):
    """The exact cache."""

    enabled: bool = True
    ttl: Duration = timedelta(days=1)
    scope: CacheScope = "user"
    max_entries: int = Field(default=10_000, ge=1)
    max_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)


class SemanticCacheRule(Rule):
    """Answers to questions that are nearly the same. Off unless it is switched on.

    Attributes:
        embedding: The model that tells what a question means, as `connection/model`; marked
            `internal`.
        threshold: How near two questions must be: the cosine of their vectors.
        max_entries: At most so many questions; the bytes of their answers are bounded with those
            of the exact cache.
    """

    enabled: bool = False
    embedding: str | None = None
    threshold: float = Field(default=0.95, ge=0.5, le=1)
    ttl: Duration = timedelta(days=1)
    scope: CacheScope = "user"
    max_entries: int = Field(default=1000, ge=1, le=100_000)

    @model_validator(mode="after")
    def _has_a_model(self) -> SemanticCacheRule:
        if self.enabled and self.embedding is None:
            raise ValueError("`embedding` names the model, marked `internal`, that compares")
        return self


class SloRule(Rule):
    """What is promised of a model or a connection over 24 hours (names and globs); what is not
    held is shown and raises an alert.
    """

    name: str | None = None
    model: str | None = None
    connection: str | None = None
    p95_ms: float | None = Field(default=None, gt=0)
    first_token_p95_ms: float | None = Field(default=None, gt=0)
    error_rate: float | None = Field(default=None, ge=0, le=1)
    minimum_calls: int = Field(default=20, ge=1)
    """Fewer calls say nothing."""

    @model_validator(mode="after")
    def _one_target(self) -> SloRule:
        if (self.model is None) == (self.connection is None):
            raise ValueError("an slo is for a `model` or for a `connection`: name one of them")
        return self
