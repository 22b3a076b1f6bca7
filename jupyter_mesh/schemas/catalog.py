"""What a model is: facts a provider knows, and facts an admin adds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .request import Operation
from .spend import Price


class Residency(StrEnum):
    """Where text goes when it is sent to a connection."""

    LOCAL = "local"
    REGION = "region"
    EXTERNAL = "external"


class Capability(StrEnum):
    """What a chat model can do beyond text; shown as chips, used by filters."""

    STREAM = "stream"
    TOOLS = "tools"
    JSON_SCHEMA = "json_schema"
    VISION = "vision"
    AUDIO = "audio"
    LOGPROBS = "logprobs"
    REASONING = "reasoning"


CHECKED = frozenset({Capability.TOOLS, Capability.VISION, Capability.AUDIO})
"""Those that a request shows it needs: a model known not to have them is not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """One model of one connection, without anything measured.

    Attributes:
        id: `connection/name`, unique in a mesh.
        connection: Name of the connection it is reached through.
        name: What the provider calls it.
        context_window: Input plus output tokens, None if unknown.
        max_output: Longest answer in tokens, None if unknown.
        lacks: What it is known not to do: a request that needs it is refused. What is neither here
            nor in `capabilities` is not known, and let through.
        tokenizer: Family of its tokenizer, None if unknown.
        facts_source: Who says so, and as of when; empty: the vendor's own list, or its name.
        price: None when unknown; a local model has a price of zero with source `local`.
        offline_demo: True for `echo`: shown as "offline demo, not a language model".
        internal: Only calls the mesh makes for itself may use it.
        trains_on_requests: None where nobody said.
        retains_requests: Such as `30d`, as the admin wrote it; None where nobody said.
        terms_checked: When somebody last looked that both are so.
        terms_source: Where it is said.
    """

    id: str
    connection: str
    name: str
    provider: str
    operations: frozenset[Operation] = frozenset({Operation.CHAT})
    capabilities: frozenset[Capability] = frozenset({Capability.STREAM})
    lacks: frozenset[Capability] = frozenset()
    tokenizer: str | None = None
    facts_source: str = ""
    context_window: int | None = None
    max_output: int | None = None
    price: Price | None = None
    residency: Residency = Residency.EXTERNAL
    trains_on_requests: bool | None = None
    retains_requests: str | None = None
    terms_checked: date | None = None
    terms_source: str | None = None
    description: str = ""
    offline_demo: bool = False
    internal: bool = False
