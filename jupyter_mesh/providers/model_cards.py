"""What is publicly known of vendors' models: a dated copy, made by `scripts/model_cards.mjs`.

Nothing is asked of anybody: what a vendor's own list says, and what an admin writes, counts more.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

import orjson

from ..schemas.catalog import Capability, ModelFacts
from ..schemas.frozen import frozen
from ..schemas.json import JsonObject, as_int, as_list, as_object, as_str
from ..schemas.request import Operation
from .model_hints import capabilities_of

_HOSTS = {
    "api.openai.com": "openai",
    "api.mistral.ai": "mistral",
    "api.groq.com": "groq",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "xai",
    "api.together.xyz": "together",
    "api.fireworks.ai": "fireworks",
}
"""Vendors that speak OpenAI's format, by where they are."""

_LISTED_AS = {"azure": "azure_openai", "aws": "bedrock", "google": "gemini", "x-ai": "xai"}
"""Of providers that the price list calls by another name."""

OF_DEPLOYMENTS = frozenset({"azure_openai"})
"""Providers whose customers name the models: a name says nothing of what runs there."""

_VERSIONED = re.compile(r"[-@](?:\d{4}-?\d{2}-?\d{2}|\d{3,4}|latest)$")
_REGION = re.compile(r"^(?:us|eu|apac|jp|au|us-gov|global)\.")
_INPUTS = {"image": Capability.VISION, "audio": Capability.AUDIO}
_TOKENIZERS = (
    (r"gpt-(?:4o|4\.1|[5-9]|oss)|(?:^|/)o[1-9](?:-|$)|chatgpt", "o200k"),
    (r"gpt-(?:4|3\.5)", "cl100k"),
    (r"claude", "claude"),
    (r"gemini|gemma", "gemini"),
    (r"llama-?[34]|nemotron", "llama3"),
    (r"mistral|mixtral|codestral|pixtral|ministral|magistral|devstral", "mistral"),
    (r"qwen|qwq", "qwen"),
    (r"deepseek", "deepseek"),
    (r"command|rerank|embed-(?:english|multilingual|v4)", "cohere"),
    (r"jamba", "jamba"),
    (r"nova-|titan", "amazon"),
    (r"grok", "grok"),
)


@frozen(kw_only=True)
class Card:
    """What is known of one model.

    Attributes:
        context_window: Input plus output tokens.
        max_output: Longest answer in tokens.
        capabilities: What it can do.
        lacks: What it cannot do. What is in neither is not known.
        source: Who says so, and as of when.
    """

    context_window: int | None
    max_output: int | None
    capabilities: frozenset[Capability]
    lacks: frozenset[Capability]
    source: str


def vendor_of(provider: str, base_url: str | None) -> str:
    """Under which name a connection's models are listed.

    Args:
        provider: The provider's name.
        base_url: Where it is asked, for those who speak OpenAI's format.
    """
    if base_url is None or provider not in ("openai", "openai_compatible"):
        return _LISTED_AS.get(provider, provider)
    return _HOSTS.get(urlsplit(base_url or "").hostname or "", "")


def card_of(vendor: str, name: str) -> Card | None:
    """The card of a model; that of the model without its date, where a version has none."""
    source, vendors = _cards()
    listed = vendors.get(vendor)
    if listed is None:
        return None
    name = _REGION.sub("", name.lower().removeprefix("models/"))
    found = listed.get(name) or listed.get(_VERSIONED.sub("", name))
    return None if found is None else _card(found, name, source)


def with_card(facts: ModelFacts, provider: str, base_url: str | None) -> ModelFacts:
    """What a provider knows of its model, and what the card adds.

    Args:
        facts: The provider's.
        provider: As `Provider.price_lookup` says.
        base_url: The same.
    """
    facts = replace(facts, tokenizer=facts.tokenizer or tokenizer_of(facts.name))
    if facts.provider in OF_DEPLOYMENTS:
        return facts
    return with_card_of(facts, vendor_of(provider, base_url), facts.name)


def with_card_of(facts: ModelFacts, vendor: str, model: str) -> ModelFacts:
    """The same facts, with what the card of the model `model` adds, whatever its name is here."""
    card = card_of(vendor, model)
    if card is None or Operation.CHAT not in facts.operations:
        return facts
    return replace(
        facts,
        context_window=facts.context_window or card.context_window,
        max_output=facts.max_output or card.max_output,
        capabilities=facts.capabilities | card.capabilities,
        lacks=(facts.lacks | card.lacks) - facts.capabilities,
        facts_source=card.source,
    )


def tokenizer_of(name: str) -> str | None:
    """The family of tokenizers that a model of this name has; None: not known."""
    found = (family for pattern, family in _TOKENIZERS if re.search(pattern, name, re.I))
    return next(found, None)


def _card(found: JsonObject, name: str, source: str) -> Card:
    hinted = capabilities_of(name)
    takes = set(as_list(found.get("input")) or [])
    can = {capability for kind, capability in _INPUTS.items() if kind in takes}
    cannot = set(_INPUTS.values()) - can
    (can if found.get("tools") is True else cannot).add(Capability.TOOLS)
    if found.get("reasoning") is True:
        can.add(Capability.REASONING)
    return Card(
        context_window=as_int(found.get("context")),
        max_output=as_int(found.get("output")),
        capabilities=frozenset(can) | hinted,
        # Two sources must agree before a caller is refused.
        lacks=frozenset(cannot) - hinted,
        source=source,
    )


@cache
def _cards() -> tuple[str, dict[str, dict[str, JsonObject]]]:
    written = as_object(
        orjson.loads(files("jupyter_mesh.providers").joinpath("model_cards.json").read_bytes())
    )
    assert written is not None
    vendors: dict[str, dict[str, JsonObject]] = {}
    for vendor, listed in (as_object(written.get("cards")) or {}).items():
        cards = {name: as_object(card) or {} for name, card in (as_object(listed) or {}).items()}
        undated = {_VERSIONED.sub("", name): card for name, card in cards.items()}
        vendors[vendor] = undated | cards
    source = f"{as_str(written.get('source'))}, as of {as_str(written.get('as_of'))}"
    return source, vendors
