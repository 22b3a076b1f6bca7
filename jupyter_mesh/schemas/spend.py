"""Tokens by class and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from .frozen import frozen

PICO = Decimal("1E-12")
"""Costs are kept to 1e-12 USD: one token at $0.0125 per million is exact, and sums are integers."""


def to_pico(usd: Decimal) -> int:
    """USD as an integer number of 1e-12 USD, rounded half to even."""
    return round(usd.scaleb(12))


def from_pico(pico: int) -> Decimal:
    """The inverse of `to_pico`; exact."""
    return Decimal(pico) * PICO


@frozen(kw_only=True)
class Usage:
    """Tokens of one call. `input` includes `cache_read`, `cache_write` and
    `input_audio`/`input_image`; `output` includes `reasoning` and `output_audio` (the OpenAI and
    OpenTelemetry convention). `cache_write` includes `cache_write_1h`, what the vendor keeps for an
    hour, which is dearer.

    Attributes:
        estimated: True where the provider reported nothing and the mesh counted itself.
        more_requests: As how many requests beyond one the vendor charges it: rankings by the
            hundred documents.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    input_audio: int = 0
    output_audio: int = 0
    input_image: int = 0
    estimated: bool = False
    cache_write_1h: int = 0
    more_requests: int = 0

    @property
    def total(self) -> int:
        """Input plus output tokens."""
        return self.input + self.output

    @property
    def counts(self) -> tuple[int, ...]:
        """The tokens of each class, and the requests."""
        return (
            *(self.input, self.output, self.cache_read, self.cache_write, self.reasoning),
            *(self.input_audio, self.output_audio, self.input_image, self.cache_write_1h),
            self.more_requests,
        )

    def __add__(self, other: Usage) -> Usage:
        counts = {
            f.name: getattr(self, f.name) + getattr(other, f.name)
            for f in fields(self)
            if f.name != "estimated"
        }
        return Usage(**counts, estimated=self.estimated or other.estimated)


@frozen(kw_only=True)
class Price:
    """USD per million tokens of each class, at one moment. A class left None costs as its parent
    class does.

    Attributes:
        per_request: USD for each request that the vendor counts: one for a call, and for a
            ranking at some vendors one for each hundred documents.
        source: Where it came from: `admin`, `genai-prices <version>`, `local` (no charge per
            token); with `, discount 15 %` where the connection has one.
        taken_at: When the gateway took it from there.
        as_of: The day on which somebody last looked that it is so; None where nobody said.
        above: Dearer prices for long prompts, as (input tokens, price) in ascending order. A
            prompt of more tokens than the first number is charged by that price in full, not only
            from there on.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    input_audio: Decimal | None = None
    output_audio: Decimal | None = None
    input_image: Decimal | None = None
    reasoning: Decimal | None = None
    per_request: Decimal = Decimal(0)
    source: str = "admin"
    taken_at: datetime | None = None
    as_of: date | None = None
    above: tuple[tuple[int, Price], ...] = ()
    cache_write_1h: Decimal | None = None

    def less(self, discount: Decimal) -> Price:
        """The same with a part taken off."""
        if not discount:
            return self
        rest = 1 - discount
        rates = {
            name: None if rate is None else rate * rest
            for name in (*_PARENTS, "input", "output", "per_request")
            for rate in (getattr(self, name),)
        }
        source = f"{self.source}, discount {discount:%}"
        above = tuple((start, price.less(discount)) for start, price in self.above)
        return replace(self, **rates, source=source, above=above)

    def at(self, input_tokens: int) -> Price:
        """The price that holds for a prompt of `input_tokens`."""
        price = self
        for threshold, dearer in self.above:
            if input_tokens > threshold:
                price = dearer
        return price


def dearest(prices: Sequence[Price]) -> Price | None:
    """A price no token costs more by than by any of `prices`; None where none asks for money."""
    input = max(
        (
            rate
            for one in prices
            for rate in (
                *(one.input, one.cache_write, one.cache_write_1h),
                *(one.input_audio, one.input_image),
            )
            if rate is not None
        ),
        default=Decimal(0),
    )
    output = max(
        (
            rate
            for one in prices
            for rate in (one.output, one.reasoning, one.output_audio)
            if rate is not None
        ),
        default=Decimal(0),
    )
    per_request = max((one.per_request for one in prices), default=Decimal(0))
    if not (input or output or per_request):
        return None
    return Price(input=input, output=output, per_request=per_request, source="assumed")


def cost_of(usage: Usage, price: Price) -> Decimal:
    """USD for `usage` at `price`, rounded once, half to even, to 1e-12 USD."""
    price = price.at(usage.input)
    per_million = usage.input * price.input + usage.output * price.output
    for tokens, own, parent, _ in _classes(usage, price):
        if tokens and own is not None:
            per_million += tokens * (own - parent)
    return _rounded(per_million, price, usage.more_requests)


def plain_cost(input: int, output: int, price: Price, more_requests: int = 0) -> Decimal:
    """`cost_of` of tokens that are of no class of their own, `price` being of this input."""
    return _rounded(input * price.input + output * price.output, price, more_requests)


def _rounded(per_million: Decimal, price: Price, more: int) -> Decimal:
    requests = price.per_request * (1 + more) if more else price.per_request
    return (per_million.scaleb(-6) + requests).quantize(PICO, ROUND_HALF_EVEN)


def cost_by_class(usage: Usage, price: Price, cost: Decimal | None = None) -> dict[str, Decimal]:
    """`cost_of` by class, `request` being what each call costs; classes without tokens are left
    out. `input` and `output` are what is left of them beside the other classes. The sum is exactly
    the cost (`cost`, where it is known already): what rounding leaves over goes to the dearest
    class.
    """
    cost = cost_of(usage, price) if cost is None else cost
    price = price.at(usage.input)
    left = {"input": usage.input, "output": usage.output}
    rates = {"input": price.input, "output": price.output}
    for tokens, own, parent, name in _classes(usage, price):
        if tokens:
            left[_PARENTS[name]] -= tokens
            left[name], rates[name] = tokens, parent if own is None else own
    costs = {
        name: (tokens * rates[name]).scaleb(-6).quantize(PICO, ROUND_HALF_EVEN)
        for name, tokens in left.items()
        if tokens
    }
    if price.per_request:
        requests = price.per_request * (1 + usage.more_requests)
        costs["request"] = requests.quantize(PICO, ROUND_HALF_EVEN)
    if costs and (over := cost - sum(costs.values())):
        costs[max(costs, key=lambda name: costs[name])] += over
    return costs


_PARENTS = {
    "cache_read": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "input_audio": "input",
    "input_image": "input",
    "reasoning": "output",
    "output_audio": "output",
}


def _classes(usage: Usage, price: Price) -> tuple[tuple[int, Decimal | None, Decimal, str], ...]:
    """Tokens, own price, price where there is none, name; nothing where no class has any."""
    if not (
        usage.cache_read
        or usage.cache_write
        or usage.input_audio
        or usage.input_image
        or usage.reasoning
        or usage.output_audio
    ):
        return ()
    written = price.input if price.cache_write is None else price.cache_write
    return (
        (usage.cache_read, price.cache_read, price.input, "cache_read"),
        (usage.cache_write, price.cache_write, price.input, "cache_write"),
        (usage.cache_write_1h, price.cache_write_1h, written, "cache_write_1h"),
        (usage.input_audio, price.input_audio, price.input, "input_audio"),
        (usage.input_image, price.input_image, price.input, "input_image"),
        (usage.reasoning, price.reasoning, price.output, "reasoning"),
        (usage.output_audio, price.output_audio, price.output, "output_audio"),
    )


def total_cost(costs: Iterable[Decimal | None]) -> tuple[Decimal, int]:
    """The sum of the known costs, and how many were unknown."""
    known, unknown = Decimal(0), 0
    for cost in costs:
        if cost is None:
            unknown += 1
        else:
            known += cost
    return known, unknown
