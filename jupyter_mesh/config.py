"""`mesh.yaml`, validated.

A bad file is refused with the path of the fault and the nearest valid name; it never replaces a
good one that is running.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast, get_args
from urllib.parse import urlsplit

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from .errors import ConfigError
from .plain_faults import plain
from .references import doubtful_names, near, wrong_names
from .references import standard_detectors as standard_detectors
from .schemas.catalog import Capability, Residency
from .schemas.channels import ChannelRule
from .schemas.guard_rules import ModerationRule, ScreeningRule
from .schemas.json import JsonObject
from .schemas.policy import (
    AliasRule,
    BudgetRule,
    Duration,
    ExactCacheRule,
    GroupRule,
    LimitRule,
    Rule,
    Scope,
    SemanticCacheRule,
    SloRule,
    Window,
)
from .schemas.price_rules import HourlyCost as HourlyCost
from .schemas.price_rules import PriceRule as PriceRule
from .schemas.price_rules import PricesRule as PricesRule
from .schemas.raises import RaiseRule
from .schemas.record_policy import AuditRule, TelemetryRule
from .schemas.request import Operation
from .schemas.service_account import ServiceAccountRule
from .schemas.use_case import UseCaseRule
from .spi.secrets import REFERENCES

_log = logging.getLogger("jupyter_mesh")


class ModelRule(BaseModel):
    """What an admin adds to a model. Further keys go to the provider, which checks them."""

    model_config = ConfigDict(frozen=True, extra="allow")

    price: PriceRule | None = None
    context_window: int | None = Field(default=None, ge=1)
    max_output: int | None = Field(default=None, ge=1)
    operations: tuple[Operation, ...] | None = None
    capabilities: tuple[Capability, ...] | None = None
    internal: bool = False
    enabled: bool = True
    description: str = ""

    @property
    def options(self) -> JsonObject:
        """The keys meant for the provider."""
        return cast(JsonObject, dict(self.model_extra or {}))


class ConnectionRule(BaseModel):
    """One authenticated way to models. Further keys are the provider's own settings."""

    model_config = ConfigDict(frozen=True, extra="allow")

    provider: str
    enabled: bool = True
    residency: Residency | None = None
    trains_on_requests: bool | None = None
    retains_requests: str | None = None
    terms_checked: date | None = None
    """When somebody last looked that both are so."""
    terms_source: str | None = None
    """Where the vendor says so, such as the address of its terms."""
    models: dict[str, ModelRule] = Field(default_factory=dict)
    timeout: Duration | None = None
    idle_timeout: Duration | None = None
    retries: int = Field(default=2, ge=0, le=10)
    parallel: int = Field(default=64, ge=1)
    price: PriceRule | None = None
    """Of models that have none of their own under `models`."""
    discount: Decimal = Field(default=Decimal(0), ge=0, le=1)
    """The part that is taken off prices which are not the admin's: 0.15 is 15 %."""
    hourly_cost: HourlyCost | None = None
    send_trace: bool | None = None
    """Whether requests carry the `traceparent` of their span while traces are made. None: where
    text does not leave for an external provider.
    """

    @field_validator("models", mode="before")
    @classmethod
    def _allow_lists(cls, value: object) -> object:
        """`models: [a, b]` is short for `{a: {}, b: {}}`, and `{a: }` for `{a: {}}`."""
        if isinstance(value, list):
            names = cast("list[object]", value)
            return {str(name): dict[str, object]() for name in names}
        if isinstance(value, dict):
            items = cast("dict[object, object]", value).items()
            return {str(name): options or dict[str, object]() for name, options in items}
        return value

    @property
    def options(self) -> dict[str, object]:
        """The provider's own settings."""
        return dict(self.model_extra or {})


class GuardRule(BaseModel):
    """A named detector or judge: `guard` is the plugin, further keys its settings."""

    model_config = ConfigDict(frozen=True, extra="allow")

    guard: str


class HubVoucher(Rule):
    """The user of a Hub who made a key: it is worth what they are still worth there.

    Attributes:
        groups: Of the Hub, that they were in then.
    """

    user: str
    groups: tuple[str, ...] = ()


class KeyRule(Rule):
    """An API key, known by its hash only (`jupyter mesh keys create` prints both).

    Attributes:
        models: Names and globs of the models of its user that it may use; none: all of them.
        purpose: What every call with it is for.
        budget_usd: What it may spend in `window`, besides the budgets of its user.
        admin: It administers and reads every record.
        auditor: It reads every record.
        maker: Who made it, where that was not the admin who wrote mesh.yaml. It has no right that
            its maker has lost since.
        vouched_by: The user of a Hub behind its maker; None where that is mesh.yaml.
    """

    name: str
    hash: str = Field(pattern="^[0-9a-f]{64}$")
    user: str
    application: str
    groups: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    purpose: str | None = None
    budget_usd: Decimal | None = Field(default=None, ge=0)
    window: Window = "month"
    admin: bool = False
    auditor: bool = False
    expires: datetime | None = None
    """Without a zone it is UTC."""
    maker: str | None = None
    vouched_by: HubVoucher | None = None

    @property
    def budget(self) -> BudgetRule | None:
        """Its own budget."""
        if self.budget_usd is None:
            return None
        scope = Scope(key=self.name)
        name = f"key {self.name}"
        return BudgetRule(name=name, scope=scope, limit_usd=self.budget_usd, window=self.window)


class StoreRule(Rule):
    """Where calls, money and settings are kept. None: `mesh.db` in the state folder.

    Attributes:
        url: `sqlite:///PATH`, `postgresql://ROLE@HOST/DATABASE`, or a reference to it such as
            `env:DATABASE_URL`.
        password: Of PostgreSQL's role, as a reference: `env:NAME` or `file:PATH`.
    """

    url: str | None = None
    password: str | None = None

    @field_validator("password")
    @classmethod
    def _no_plain_password(cls, value: str | None) -> str | None:
        # Not quoted: somebody may have written the password itself here.
        if value is not None and not value.startswith(("env:", "file:")):
            raise ValueError("`password` is a reference such as env:MESH_DB_PASSWORD")
        return value


class SharedRule(Rule):
    """The Redis that several gateways share; None: this gateway is alone.

    Attributes:
        url: `redis://HOST:PORT/NUMBER`, `rediss://` for TLS, or a reference to it such as
            `env:REDIS_URL`.
        password: A reference: `env:NAME` or `file:PATH`.
        prefix: How the keys in Redis begin; another one for another mesh on the same Redis.
    """

    url: str | None = None
    password: str | None = None
    prefix: str = Field(default="jupyter-mesh", pattern=r"^[A-Za-z0-9_.-]{1,64}$")

    @model_validator(mode="after")
    def _no_plain_password(self) -> SharedRule:
        # Neither is quoted: somebody may have written the password itself here.
        if self.password is not None and not self.password.startswith(REFERENCES):
            raise ValueError("`password` is a reference such as env:REDIS_PASSWORD")
        if self.url is None:
            return self
        if not self.url.startswith(("redis://", "rediss://", *REFERENCES)):
            raise ValueError("`url` is redis://HOST:PORT/NUMBER, rediss:// for TLS, or env:NAME")
        if "://" in self.url and ":" in urlsplit(self.url).netloc.rpartition("@")[0]:
            raise ValueError("give the password under `password`, as a reference such as env:NAME")
        return self


class WorkersRule(Rule):
    """Processes that screen long texts, and every text where a detector takes its time.

    Attributes:
        processes: How many at most; None: one for each core but one, up to four.
        memory_mb: MiB that each may allocate.
    """

    processes: int | None = Field(default=None, ge=1, le=256)
    memory_mb: int = Field(default=2048, ge=256)


class CacheRule(Rule):
    """Caches of answers."""

    exact: ExactCacheRule = ExactCacheRule()
    semantic: SemanticCacheRule = SemanticCacheRule()

    @model_validator(mode="after")
    def _exact_comes_first(self) -> CacheRule:
        if self.semantic.enabled and not self.exact.enabled:
            raise ValueError("`semantic` needs `exact`: the same question is one that is alike")
        return self


SCREEN_WHAT_LEAVES = ScreeningRule.model_validate({"for": {"residency": "external"}})


class Config(Rule):
    """The whole of `mesh.yaml`."""

    store: StoreRule = StoreRule()
    shared: SharedRule = SharedRule()
    connections: dict[str, ConnectionRule] = Field(default_factory=dict)
    aliases: dict[str, AliasRule] = Field(default_factory=dict)
    groups: dict[str, GroupRule] = Field(default_factory=dict)
    budgets: tuple[BudgetRule, ...] = ()
    raises: dict[str, RaiseRule] = Field(default_factory=dict[str, RaiseRule])
    """Budgets that may spend more for a while, by a name of their own."""
    limits: tuple[LimitRule, ...] = ()
    guards: dict[str, GuardRule] = Field(default_factory=dict)
    screening: tuple[ScreeningRule, ...] = (SCREEN_WHAT_LEAVES,)
    """The default redacts personal data and secrets on their way outside and puts them back. It
    stays in force for models that no enforced rule here covers, unless the list is empty.
    """
    moderation: tuple[ModerationRule, ...] = ()
    workers: WorkersRule = WorkersRule()
    """Read at the start."""
    slos: tuple[SloRule, ...] = ()
    alerts: dict[str, ChannelRule] = Field(default_factory=dict[str, ChannelRule])
    """Where alerts go, by name."""
    use_cases: dict[str, UseCaseRule] = Field(default_factory=dict)
    """What is declared about each use of the models: the inventory shows it beside what was seen.
    """
    prices: PricesRule = PricesRule()
    cache: CacheRule = CacheRule()
    audit: AuditRule = AuditRule()
    telemetry: TelemetryRule = TelemetryRule()
    """Read at the start."""
    service_accounts: dict[str, ServiceAccountRule] = Field(
        default_factory=dict[str, ServiceAccountRule]
    )
    """Users that are programs, by name."""
    keys: tuple[KeyRule, ...] = ()
    default_model: str | None = None
    offers: bool = True
    """Look for keys in the environment and for local servers at start; personal mesh only."""
    admin_contact: str | None = None

    @classmethod
    def default(cls) -> Config:
        """What a personal mesh runs with without a file: the offline demo and what is accepted."""
        return cls(connections={"echo": ConnectionRule(provider="echo")})

    @property
    def all_budgets(self) -> tuple[BudgetRule, ...]:
        """Budgets, those of API keys too."""
        return (*self.budgets, *(one for key in self.keys if (one := key.budget)))

    @model_validator(mode="after")
    def _names_exist(self) -> Config:
        if faults := list(wrong_names(self)):
            raise ValueError("; ".join(faults))
        return self


def load(path: Path) -> Config:
    """Read and validate a file.

    Raises:
        ConfigError: It cannot be read, is not YAML, or says something the mesh does not know.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.") from error
    return parse(text, str(path))


def parse(text: str, name: str = "mesh.yaml") -> Config:
    """Validate the text of a `mesh.yaml`.

    Raises:
        ConfigError: As for `load`.
    """
    try:
        data: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name} is not YAML: {' '.join(str(error).split())}") from error
    if data is None:
        return Config()
    if not isinstance(data, dict):
        raise ConfigError(f"{name} must be a mapping of sections such as `connections:`.")
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{name}: " + "; ".join(faults_of(error))) from error
    for doubt in doubtful_names(config):
        _log.warning("%s: %s", name, doubt)
    return config


def faults_of(error: ValidationError) -> Iterator[str]:
    """What is wrong and where, a line each, with the nearest valid name."""
    for fault in error.errors()[:8]:
        where = ".".join(str(part) for part in fault["loc"])
        message = plain(fault)
        if fault["type"] == "extra_forbidden":
            valid = set(_fields_at(Config, fault["loc"][:-1]))
            message = f"unknown key{near(str(fault['loc'][-1]), valid)}"
        yield f"{where}: {message}" if where else message


def _fields_at(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """Names of the fields of the model that stands at `path`."""
    for part in path:
        if isinstance(part, str):
            for name, field in model.model_fields.items():
                if part in (name, field.alias) and (inner := _model_in(field.annotation)):
                    model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in get_args(annotation):
        if (found := _model_in(inner)) is not None:
            return found
    return None


def new_key() -> tuple[str, str]:
    """A fresh API key and the hash to declare it by. 256 random bits need no salt."""
    key = f"mesh-{secrets.token_urlsafe(32)}"
    return key, key_hash(key)


def key_hash(key: str) -> str:
    """SHA-256 of a key, in hexadecimal."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
