"""Numbers that belong to somebody: cards, accounts, social security, telephones.

What carries a checksum is checked by it. Candidates begin at a digit and have a bounded length, so
the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias

from .span import Span

Run: TypeAlias = tuple[int, int]

_BREAK = r"[ \-]?\r?\n[ \t>]{0,4}"
"""Where a line ends, also in a quoted mail."""
_RUN = re.compile(
    rf"[+(\d](?>(?:(?:[ .\-/()_\t\u00b7\u00a0\u2011\u202f]{{0,2}}|\)?{_BREAK})\d){{6,}})"
)
_BEYOND = 12
"""Characters past a run that a pattern may look at: an extension, a word border."""


def number_runs(text: str) -> list[Run]:
    """Where seven or more digits stand together: every number sought here, but an IBAN, is in one.

    The scan is the only one over the whole text; the patterns proper see the runs alone.
    """
    return [match.span() for match in _RUN.finditer(text)]


def _in_runs(pattern: re.Pattern[str], text: str, runs: list[Run]) -> Iterator[re.Match[str]]:
    for start, end in runs:
        for match in pattern.finditer(text, start, min(len(text), end + _BEYOND)):
            if match.start() < end:
                yield match


_CARD_RUN = re.compile(
    rf"(?<![\w.+])\d(?>(?:(?: {{1,2}}|[\-\u00a0\u2011\u202f]|{_BREAK})?\d){{11,}})"
)
_MARKED_CARD = re.compile(
    r"(?<![\w.+])\d{4}([._\t/\u00b7])"
    r"(?:\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{6}\1\d{4,5})(?!\w|\.\d)"
)
"""In the groups of a card, with a sign between them that decimals and tables have, too."""
_GOES_ON = re.compile(r"\w|\.(?!0(?!\w))\d")
"""`.0` is how a table of numbers writes a whole one."""
_GROUP = re.compile(r"\d+")
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|64[4-9]\d|65\d{2})\d{12,15}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12,15}|(?:1800|2131)\d{11}"  # JCB
    r"|3(?:0[0-5]|[68]\d)\d{11,16}"  # Diners Club
    r"|62\d{14,17}"  # UnionPay
    r"|(?:5018|5020|5038|6304|6759|676[1-3])\d{8,15}"  # Maestro
)
_MOST_GROUPS = 6
_MOST_MORE = 2
"""Groups beside a card that runs over a line: more are a table."""
_LONGEST_GROUP = 7
"""Digits of a group of such a card: longer ones are numbers of their own, one in a line."""


def find_credit_cards(text: str, runs: list[Run]) -> Iterator[Span]:
    """CREDIT_CARD: an issuer's prefix and length, and the Luhn checksum (ISO/IEC 7812-1)."""
    for run in _in_runs(_CARD_RUN, text, runs):
        groups = [match.span() for match in _GROUP.finditer(text, *run.span())]
        # No part of the pattern: it would be tried again from every digit of a long run.
        if _GOES_ON.match(text, run.end()):
            groups.pop()
        first = 0
        while first < len(groups):
            last = _card_from(text, groups, first)
            if last is not None:
                yield Span(groups[first][0], groups[last][1], "CREDIT_CARD", 1.0)
            first = first + 1 if last is None else last + 1
    for marked in _in_runs(_MARKED_CARD, text, runs):
        if _is_card("".join(filter(str.isdecimal, marked[0]))):
            yield Span(*marked.span(), "CREDIT_CARD", 1.0)


def _card_from(text: str, groups: list[tuple[int, int]], first: int) -> int | None:
    """The group that ends a card beginning with group `first`, if one does."""
    digits = ""
    for last in range(first, min(first + _MOST_GROUPS, len(groups))):
        start, end = groups[last]
        if last > first and end - start < 3:
            return None
        if text.count("\n", groups[first][0], start) > 1:
            return None
        digits += text[start:end]
        if len(digits) > 19:
            return None
        if len(digits) >= 12 and _is_card(digits):
            return last if _is_in_one_piece(text, groups, first, last) else None
    return None


def _is_in_one_piece(text: str, groups: list[tuple[int, int]], first: int, last: int) -> bool:
    """Whether a card stands in one line, or over two as something that was too long for one."""
    breaks = text.count("\n", groups[first][0], groups[last][1])
    if not breaks:
        return True
    longest = max(end - start for start, end in groups[first : last + 1])
    more = len(groups) - (last - first + 1)
    return longest <= _LONGEST_GROUP and more <= _MOST_MORE


def _is_card(digits: str) -> bool:
    if not digits.isascii():
        digits = "".join(str(int(digit)) for digit in digits)
    return _ISSUERS.fullmatch(digits) is not None and passes_luhn(digits)


_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is right for the others, by Luhn's formula."""
    data = digits.encode()
    total = sum(data[::-1][::2]) + sum(data[::-1][1::2].translate(_DOUBLED))
    return (total - ord("0") * len(data)) % 10 == 0


_TWO_DIGITS = re.compile(r"[0-9][0-9]")
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22,
    "BH": 22, "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24,
    "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27,
    "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27,
    "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27,
    "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28,
    "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31,
    "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28,
    "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip
"""Characters of an account number, by country: SWIFT's IBAN Registry."""


def find_ibans(text: str) -> Iterator[Span]:
    """IBAN_CODE: a country's length, and the remainder 1 modulo 97 (ISO 13616, ISO 7064)."""
    for match in _TWO_DIGITS.finditer(text):
        start = match.start() - 2
        if start < 0 or not text[start].isalpha():
            continue
        length = _IBAN_LENGTHS.get(text[start : start + 2].upper())
        if length is None or text[start - 1 : start].isalnum():
            continue
        code = _code_of(length).match(text, start)
        if code is None or text[code.end() : code.end() + 1].isalnum():
            continue
        if passes_mod_97(_BETWEEN.sub("", code[0]).upper()):
            yield Span(start, code.end(), "IBAN_CODE", 1.0)


_BETWEEN = re.compile(r"[^A-Za-z0-9]+")
_AS_NUMBERS = {ord(char): str(int(char, 36)) for char in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


@lru_cache(maxsize=64)
def _code_of(length: int) -> re.Pattern[str]:
    """So many letters and digits, with a sign, two blanks or the end of a line between them."""
    between = rf"(?: {{1,2}}|[\-._\t\u00a0]|{_BREAK})?"
    return re.compile(rf"[A-Za-z0-9](?>(?:{between}[A-Za-z0-9]){{{length - 1}}})")


def passes_mod_97(code: str) -> bool:
    """Whether the two check digits of an IBAN are right."""
    return int((code[4:] + code[:4]).translate(_AS_NUMBERS)) % 97 == 1


_AFTER_HYPHEN = r"(?:(?<=-)\r?\n[ \t>]{0,4})?"
_SSN = re.compile(
    rf"(?<![\w.-])(?!000|666|9)\d{{3}}([- ]){_AFTER_HYPHEN}(?!00)\d{{2}}\1{_AFTER_HYPHEN}"
    r"(?!0000)\d{4}(?![\w-]|\.\d)",
    re.ASCII,
)
_BARE_SSN = re.compile(r"(?<!\w)(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}(?!\w)", re.ASCII)
_SSN_WORDS = re.compile(r"\bssn\b|social\s{1,3}security", re.IGNORECASE)
_PHONE_WORDS = re.compile(
    r"\b(?:tel|phone|telephone|call|mobile|cell|fax|ring|whatsapp|telefon|handy|t[ée]l[ée]phone)\b",
    re.IGNORECASE,
)
_WORDS_BEFORE = 32


def find_us_ssns(text: str, runs: list[Run]) -> Iterator[Span]:
    """US_SSN: three, two and four digits in the ranges issued; nine in a row after `SSN`."""
    for match in _in_runs(_SSN, text, runs):
        yield Span(*match.span(), "US_SSN", 0.85)
    for match in _in_runs(_BARE_SSN, text, runs):
        if _SSN_WORDS.search(text, max(0, match.start() - _WORDS_BEFORE), match.start()):
            yield Span(*match.span(), "US_SSN", 0.8)


_GAP = r"[ .\-/()\u00a0\u2011\u202f]{0,2}"
_END = r"(?!\w|[.-]\d)"
_EXTENSION = r"(?:(?: ?x| ext\.? ?)\d{1,5})?"
_PHONES = (
    (rf"(?<![\w+])\+[1-9](?:{_GAP}\d){{7,14}}{_EXTENSION}{_END}", 0.8),
    # over two lines; not where a line begins: there `+` stands for what a change adds
    (
        rf"(?<![\w+\n])\+[1-9]\d{{0,2}}[ .\-/(](?:{_GAP}\d){{1,6}}\)?{_BREAK}"
        rf"\d(?:{_GAP}\d){{4,9}}{_END}",
        0.7,
    ),
    (rf"(?<![\w.])00[1-9]\d{{0,2}}[ ./()-](?:{_GAP}\d){{6,12}}{_END}", 0.7),
    (
        r"(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}([.-]))"
        rf"[2-9]\d{{2}}(?(1)\1|[ .-])\d{{4}}{_EXTENSION}{_END}",
        0.75,
    ),
    (rf"(?<![\w.+-])0[1-9](?:[ .-]\d{{2}}){{4}}{_END}", 0.7),
    (rf"(?<![\w.+-])0[1-9]\d{{1,3}}(?: \d{{2,4}}){{2,3}}{_END}", 0.6),
    (rf"(?<![\w.+-])\(?0[1-9]\d{{1,3}}\)?(?: ?/ ?| )\d{{3,4}} ?\d{{3,5}}{_END}", 0.6),
)
"""International, with 00, North American, French, and with a leading 0."""

_PHONE_PATTERNS = tuple((re.compile(pattern), score) for pattern, score in _PHONES)
_ANY_PHONE = re.compile(rf"(?<![\w.+])\(?\d(?:{_GAP}\d){{6,13}}{_END}")


def find_phone_numbers(text: str, runs: list[Run]) -> Iterator[Span]:
    """PHONE_NUMBER: international, North American and common national forms; any after `tel`."""
    spans = [
        Span(*match.span(), "PHONE_NUMBER", score)
        for pattern, score in _PHONE_PATTERNS
        for match in _in_runs(pattern, text, runs)
    ]
    spans += [
        Span(*match.span(), "PHONE_NUMBER", 0.6)
        for match in _in_runs(_ANY_PHONE, text, runs)
        if _PHONE_WORDS.search(text, max(0, match.start() - _WORDS_BEFORE), match.start())
    ]
    taken = 0
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if span.start >= taken:
            taken = span.end
            yield span
