"""Cost, to the cent, of more than two hundred payloads, each over the wire, whole and streamed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal

import orjson
import pytest

from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.schemas.spend import cost_by_class, cost_of
from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_anthropic import FakeAnthropic
from jupyter_mesh.testing.fake_bedrock import FakeBedrock
from jupyter_mesh.testing.fake_cohere import FakeCohere
from jupyter_mesh.testing.fake_gemini import FakeGemini
from jupyter_mesh.testing.fake_upstream import Behaviour, FakeUpstream
from tests.providers import anthropic_connection, bedrock_connection
from tests.providers import test_cohere_contract as cohere_connection
from tests.providers import test_vertex_contract as vertex_connection
from tests.providers.reading import usage_of
from tests.providers.test_vendor_usage import VENDORS, provider_of, stand_in
from tests.providers.usage_payloads import PRICE, Reported
from tests.providers.usage_payloads.amazon import AMAZON
from tests.providers.usage_payloads.anthropic import ANTHROPIC
from tests.providers.usage_payloads.cohere import COHERE
from tests.providers.usage_payloads.compatible import COMPATIBLE
from tests.providers.usage_payloads.google import GOOGLE
from tests.providers.usage_payloads.openai import AZURE, OPENAI
from tests.providers.usage_payloads.vendors import (
    AI21,
    DATABRICKS,
    HUGGINGFACE,
    NIM,
    SNOWFLAKE,
)

PAYLOADS = [
    *(*OPENAI, *AZURE, *COMPATIBLE, *DATABRICKS, *SNOWFLAKE, *AI21, *NIM, *HUGGINGFACE),
    *(*ANTHROPIC, *GOOGLE, *AMAZON, *COHERE),
]
STREAMABLE = (Operation.CHAT, Operation.COMPLETION)
CASES = [
    (one, stream)
    for one in PAYLOADS
    for stream in ((False, True) if one.operation in STREAMABLE else (False,))
]


class Fakes:
    """One server for each vendor, begun when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._running: dict[str, FakeUpstream] = {}

    def of(self, vendor: str) -> FakeUpstream:
        if vendor not in self._running:
            self._running[vendor] = self._stack.enter_context(_fake(vendor))
        return self._running[vendor]


def _fake(vendor: str) -> FakeUpstream:
    match vendor:
        case "anthropic":
            return FakeAnthropic(api_key=anthropic_connection.SECRET)
        case "vertex":
            return FakeGemini()
        case "bedrock":
            return FakeBedrock(keys=bedrock_connection.KEYS)
        case "cohere":
            return FakeCohere(api_key=cohere_connection.SECRET)
        case _:
            return stand_in(vendor)


def _connected(vendor: str, fake: FakeUpstream) -> tuple[Provider, str]:
    match fake:
        case FakeAnthropic():
            return anthropic_connection.connect(fake), anthropic_connection.MODEL
        case FakeGemini():
            return vertex_connection.connect(fake), "gemini-2.5-flash"
        case FakeBedrock():
            return bedrock_connection.connect(fake), bedrock_connection.MODEL
        case FakeCohere():
            return cohere_connection.connect(fake), "command-a-03-2025"
        case _:
            return provider_of(vendor, fake)


@pytest.fixture(scope="module")
def fakes() -> Iterator[Fakes]:
    with ExitStack() as stack:
        yield Fakes(stack)


@pytest.mark.parametrize(
    ("reported", "stream"),
    CASES,
    ids=[f"{one.vendor}: {one.what}{', streamed' * stream}" for one, stream in CASES],
)
async def test_what_a_vendor_reports_costs_what_its_price_says(
    fakes: Fakes, reported: Reported, stream: bool
) -> None:
    fake = fakes.of(reported.vendor)
    fake.default = Behaviour(usage=reported.usage)
    provider, model = _connected(reported.vendor, fake)
    usage = await usage_of(provider, attempt(reported.operation, model=model, stream=stream))
    await provider.aclose()
    assert not usage.estimated
    assert cost_of(usage, PRICE) == reported.cost
    assert sum(cost_by_class(usage, PRICE).values()) == reported.cost


def test_there_are_two_hundred_of_all_vendors_and_no_two_are_the_same() -> None:
    seen = Counter(
        (one.vendor, orjson.dumps(one.usage, option=orjson.OPT_SORT_KEYS)) for one in PAYLOADS
    )
    assert [one for one, times in seen.items() if times > 1] == []
    assert len(seen) >= 200
    vendors = {"openai", "anthropic", "vertex", "bedrock", "cohere", *VENDORS}
    assert {one.vendor for one in PAYLOADS} == vendors
    for vendor in vendors - {"ai21"}:  # which has no cache
        assert any(" hit" in one.parts for one in PAYLOADS if one.vendor == vendor), vendor
    for vendor in vendors - {"ai21", "bedrock", "cohere"}:  # which tell no thoughts apart
        assert any(" thought" in one.parts for one in PAYLOADS if one.vendor == vendor), vendor


def test_the_rates_of_the_reckoning_are_those_of_the_price() -> None:
    one = "1000000 {}".format
    rates = {kind: Reported("v", kind, {}, one(kind)).cost for kind in ("read", "written", "hit")}
    assert rates == {"read": PRICE.input, "written": PRICE.output, "hit": PRICE.cache_read}
    assert Reported("v", "all", {}, "1 read + 1 seen").cost == Decimal("0.000005")
