"""Cards of facts: found by name, dated, and never reason enough alone to refuse a caller."""

from __future__ import annotations

import pytest

from jupyter_mesh.providers.model_cards import (
    card_of,
    tokenizer_of,
    vendor_of,
    with_card,
    with_card_of,
)
from jupyter_mesh.schemas.catalog import CHECKED, Capability, ModelFacts
from jupyter_mesh.schemas.request import Operation

OPENAI = "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("vendor", "name", "window", "output"),
    [
        ("openai", "gpt-4.1", 1_047_576, 32_768),
        ("openai", "GPT-4.1", 1_047_576, 32_768),
        ("openai", "gpt-4.1-2031-01-02", 1_047_576, 32_768),
        ("anthropic", "claude-3-5-haiku-latest", 200_000, 8_192),
        ("bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0", 200_000, 8_192),
        ("bedrock", "eu.anthropic.claude-3-5-sonnet-20241022-v2:0", 200_000, 8_192),
        ("gemini", "models/gemini-1.5-flash", 1_000_000, 8_192),
    ],
)
def test_a_model_is_found_by_its_name_without_region_and_date(
    vendor: str, name: str, window: int, output: int
) -> None:
    card = card_of(vendor, name)
    assert card is not None
    assert (card.context_window, card.max_output) == (window, output)
    assert "models.dev" in card.source
    assert "as of 20" in card.source


@pytest.mark.parametrize(
    ("vendor", "name"),
    [("openai", "gpt-4.1x"), ("openai", "my-gpt-4.1"), ("", "gpt-4.1"), ("nobody", "gpt-4.1")],
)
def test_a_name_that_is_only_alike_is_another_model(vendor: str, name: str) -> None:
    assert card_of(vendor, name) is None


@pytest.mark.parametrize(
    ("provider", "base_url", "vendor"),
    [
        ("openai", OPENAI, "openai"),
        ("openai", "https://api.groq.com/openai/v1", "groq"),
        ("openai", "http://127.0.0.1:8000/v1", ""),
        ("openai", "https://api.openai.com.evil.example/v1", ""),
        ("openai", None, "openai"),
        ("anthropic", "https://proxy.example", "anthropic"),
        ("azure", None, "azure_openai"),
    ],
)
def test_who_speaks_openais_format_is_told_by_the_address(
    provider: str, base_url: str | None, vendor: str
) -> None:
    assert vendor_of(provider, base_url) == vendor


def test_what_only_one_source_denies_is_let_through() -> None:
    """models.dev says that GPT-3.5 Turbo has no tools; its vendor's documentation says it has."""
    card = card_of("openai", "gpt-3.5-turbo")
    assert card is not None
    assert Capability.TOOLS in card.capabilities
    assert Capability.VISION in card.lacks
    assert not card.capabilities & card.lacks


def test_what_the_vendors_own_list_says_counts_more() -> None:
    said = ModelFacts(
        id="o/gpt-3.5-turbo",
        connection="o",
        name="gpt-3.5-turbo",
        provider="openai",
        context_window=77,
        capabilities=frozenset({Capability.VISION}),
    )
    facts = with_card(said, "openai", OPENAI)
    assert (facts.context_window, facts.max_output) == (77, 4_096)
    assert Capability.VISION in facts.capabilities
    assert Capability.VISION not in facts.lacks
    assert facts.lacks <= CHECKED
    assert facts.tokenizer == "cl100k"


@pytest.mark.parametrize("price_provider", ["azure", "openai"])
def test_a_customers_name_for_a_deployment_says_nothing_of_what_runs_there(
    price_provider: str,
) -> None:
    said = ModelFacts(id="a/gpt-4", connection="a", name="gpt-4", provider="azure_openai")
    facts = with_card(said, price_provider, None)
    assert (facts.context_window, facts.max_output, facts.lacks) == (None, None, frozenset())


def test_the_model_that_the_vendor_names_says_what_runs_there() -> None:
    said = ModelFacts(id="a/chat", connection="a", name="chat", provider="azure_openai")
    facts = with_card_of(said, "azure_openai", "gpt-4")
    assert facts.context_window == 8_192
    assert Capability.VISION in facts.lacks
    assert with_card(facts, "azure", None).context_window == 8_192


def test_a_model_that_does_not_chat_has_no_card() -> None:
    said = ModelFacts(
        id="o/gpt-4.1",
        connection="o",
        name="gpt-4.1",
        provider="openai",
        operations=frozenset({Operation.EMBEDDING}),
    )
    assert with_card(said, "openai", OPENAI).facts_source == ""


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("gpt-4o-mini", "o200k"),
        ("gpt-4-turbo", "cl100k"),
        ("us.anthropic.claude-sonnet-4-5", "claude"),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3"),
        ("jamba-large", "jamba"),
        ("our-own-model", None),
    ],
)
def test_the_family_of_the_tokenizer_follows_from_the_name(name: str, family: str | None) -> None:
    assert tokenizer_of(name) == family
