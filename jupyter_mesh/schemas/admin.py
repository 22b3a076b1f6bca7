"""Bodies of the admin's part of `/mesh/api/…`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field, JsonValue

from .api import Body, ModelCard
from .setting import ChangeKind, Kind

JsonBody = dict[str, JsonValue]


class Nothing(Body):
    """Done; there is nothing to say."""


class Purged(Body):
    """What was taken out of the caches."""

    forgotten: int = Field(description="How many answers.")


class SettingBody(Body):
    """One object of one section of the configuration."""

    kind: Kind
    name: str
    body: JsonBody = Field(description="As it stands in mesh.yaml.")
    managed_by: Literal["mesh.yaml", "admin", "default"] = Field(
        description="Only what admins set can be changed here."
    )
    version: int | None = Field(description="To be sent back with a change; None: the file's.")
    changed_at: datetime | None = None
    changed_by: str | None = None
    fault: str | None = Field(default=None, description="Why it is not in force.")


class Settings(Body):
    """All objects of one section."""

    settings: list[SettingBody]


class SettingUpdate(Body):
    """A change to one object.

    `version` is the one the change was made from; None where the object is new.
    """

    body: JsonBody
    version: int | None = None
    secrets: dict[str, str] = Field(
        default_factory=dict,
        description="Keys to seal in the store, by the field of `body` that is to refer to them. "
        "They are never shown again.",
    )
    test: bool = Field(
        default=False,
        description="Of a connection: try it first, and change nothing where it does not work.",
    )


class SettingChangeBody(Body):
    """Who changed what, and when."""

    version: int
    kind: ChangeKind
    name: str
    changed_at: datetime
    changed_by: str
    via: str
    before: JsonBody | None
    after: JsonBody | None


class SettingChanges(Body):
    """Changes, newest first."""

    changes: list[SettingChangeBody]
    next: int | None = Field(description="To be sent as `before` for the next page.")


class ProviderKind(Body):
    """A provider that is installed, and the form of its connections."""

    name: str
    label: str = Field(description="What people call it.")
    title: str
    local: bool
    config_schema: JsonBody = Field(
        description="JSON Schema; fields of format `secret` take a key."
    )
    fault: str | None = Field(default=None, description="Why it cannot be used.")


class ProviderKinds(Body):
    """The providers that are installed."""

    providers: list[ProviderKind]


class ConnectionStatus(Body):
    """A connection as it is now."""

    name: str
    provider: str
    enabled: bool
    models: list[str]
    cards: list[ModelCard] = Field(
        description="The same with price and speed, also those the caller may not use."
    )
    fault: str | None


class Connections(Body):
    """Every connection, accepted offers too."""

    connections: list[ConnectionStatus]


class ConnectionTrial(Body):
    """A connection to try before it is saved; without it, the one that is there."""

    connection: JsonBody | None = None
    secrets: dict[str, str] = Field(
        default_factory=dict,
        description="Keys by the field of `connection` they belong to; used once, not kept.",
    )


class ConnectionTest(Body):
    """What came of trying a connection."""

    ok: bool
    latency_ms: float
    models: list[str] = Field(description="Names the provider listed.")
    cards: list[ModelCard] = Field(description="The same, with their price where it is known.")
    fault: str | None


class KeyRequest(Body):
    """An API key to make.

    It can never do more than whoever makes it; only an admin makes one for somebody else.
    """

    name: str = Field(min_length=1, max_length=100)
    application: str = Field(min_length=1, max_length=100)
    user: str | None = Field(default=None, description="Whom it is charged to; None: the caller.")
    groups: list[str] = Field(default_factory=list)
    models: list[str] = Field(
        default_factory=list, description="Names and globs; none: every model of its user."
    )
    expires: datetime | None = None
    purpose: str | None = None
    budget_usd: str | None = Field(default=None, description="What it may spend in `window`.")
    window: Literal["hour", "day", "week", "month", "quarter", "total"] = "month"
    admin: bool = False
    auditor: bool = Field(default=False, description="It reads every record.")


class Key(Body):
    """An API key, without its secret."""

    name: str
    user: str
    application: str
    groups: list[str]
    models: list[str]
    expires: datetime | None
    purpose: str | None
    budget_usd: str | None
    window: str | None
    admin: bool
    auditor: bool = False
    managed_by: Literal["mesh.yaml", "admin", "default"]
    version: int | None
    maker: str | None


class Keys(Body):
    """API keys: one's own; all for admins."""

    keys: list[Key]


class NewKey(Body):
    """A key that was just made."""

    key: Key
    secret: str = Field(description="Shown this once.")


class BudgetUse(Body):
    """How full a budget is in the window that runs now, over all that share it."""

    name: str
    limit_usd: Decimal = Field(description="What each share may spend, such as each user.")
    raised_until: datetime | None = Field(
        default=None, description="Until then the limit is higher than usual."
    )
    usual_limit_usd: Decimal | None = Field(default=None, description="Which holds from then on.")
    each: bool = Field(description="Each one has such a budget apart: the limit is of each.")
    shares: int = Field(description="How many have used it, such as users.")
    spent_usd: Decimal = Field(description="By all of them.")
    held_usd: Decimal = Field(description="Reserved by calls that run.")
    fullest_usd: Decimal = Field(description="Spent or reserved by the one that used most.")
    window_start: datetime
    window_end: datetime | None = Field(description="None where it rolls, or never ends.")


class BudgetUses(Body):
    """Every budget of the settings, in their order."""

    budgets: list[BudgetUse]
