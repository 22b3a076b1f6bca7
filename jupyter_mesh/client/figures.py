"""Money, durations and counts as people read them; the front end writes them by the same rule."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def dollars(amount: Decimal) -> str:
    """USD: cents, and two significant digits below ten cents; nothing at all is `$0.00`."""
    places = 2
    if amount and abs(amount) < Decimal("0.1"):
        places = 1 - amount.adjusted()
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    # `0.0010` says no more than `0.001`, but cents stay two digits.
    whole, _, cents = f"{abs(rounded):,f}".partition(".")
    sign = "−" if rounded < 0 else ""
    return f"{sign}${whole}.{cents[:2]}{cents[2:].rstrip('0')}"


def duration(seconds: float) -> str:
    """A time that passed: `0.30 ms`, `90 ms`, `1.2 s`, `2 min 5 s`."""
    milliseconds = seconds * 1000
    if milliseconds < 1:
        return f"{milliseconds:.2f} ms" if milliseconds else "0 ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 call`, `1,816 calls`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
