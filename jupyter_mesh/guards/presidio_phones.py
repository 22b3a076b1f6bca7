"""Presidio's telephone recognizers, with their findings and at a fraction of their price.

They look at each number in a text as people of each of eight countries write it. Most are plainly
none: what has too few digits, or is in no series of that country, is not parsed at all. Imported in
workers only.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberMatch, PhoneNumberMatcher, phonenumbermatcher

_SERIES = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip"),
    *("personal_number", "pager", "uan", "voicemail"),
)
_PLAIN = re.compile(r"[\d\s()\[\]./\-]+", re.ASCII)
_NO_DIGIT = re.compile(r"\D+", re.ASCII)
_MOST_PREFIXES = 4


class _Written(NamedTuple):
    """A candidate's digits, and whether it is nothing but those and common punctuation."""

    digits: str
    plain: bool


def _written(candidate: str) -> _Written:
    plain = _PLAIN.fullmatch(candidate) is not None
    return _Written(_NO_DIGIT.sub("", candidate) if plain else "", plain)


class Region:
    """What can be told of a number written as people of `code` write it, without parsing it."""

    def __init__(self, code: str) -> None:
        said: Any = PhoneMetadata.metadata_for_region(code)
        self._calling_code = str(said.country_code)
        self._abroad = re.compile(said.international_prefix or r"(?!)")
        self._prefix = re.compile(said.national_prefix_for_parsing or r"(?!)")
        self._instead: str | None = said.national_prefix_transform_rule
        added = len(re.sub(r"\\\d|\D", "", self._instead or ""))
        self._shortest = min(_lengths(said.country_code)) - added
        self._series = re.compile(_any_series(said.country_code))

    def may_hold(self, written: _Written) -> bool:
        """Whether a candidate, or a part of it, can be a number; False is certain."""
        if not written.plain or len(written.digits) >= self._shortest:
            return True
        return self._abroad.search(written.digits) is not None

    def may_be(self, written: _Written) -> bool:
        """Whether a candidate as a whole can be a number; False is certain."""
        digits = written.digits
        if not written.plain or self._abroad.match(digits):
            return True
        if len(digits) < self._shortest:
            return False
        readings = {digits, digits.removeprefix(self._calling_code)}
        for _ in range(_MOST_PREFIXES):
            further = {reading for one in readings for reading in self._without_prefix(one)}
            if further <= readings:
                break
            readings |= further
        return any(map(self._series.fullmatch, readings))

    def _without_prefix(self, digits: str) -> Iterator[str]:
        found = self._prefix.match(digits)
        if found is not None:
            rest = digits[found.end() :]
            yield rest
            if self._instead and found.lastindex:
                yield found.expand(self._instead) + rest


def _lengths(calling_code: int) -> Iterator[int]:
    for said in _sharing(calling_code):
        yield from said.general_desc.possible_length


def _any_series(calling_code: int) -> str:
    patterns = {
        series.national_number_pattern
        for said in _sharing(calling_code)
        for series in (getattr(said, name) for name in _SERIES)
        if series is not None and series.national_number_pattern
    }
    return "|".join(f"(?:{one})" for one in sorted(patterns))


def _sharing(calling_code: int) -> Iterator[Any]:
    """The countries that have one calling code: a number is looked up in all of them."""
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[calling_code]:
        yield PhoneMetadata.metadata_for_region(code)


@cache
def region(code: str) -> Region:
    """Made once: it compiles what a country's numbers look like."""
    return Region(code)


class _Part(NamedTuple):
    """Of a candidate: itself or what stands between separators in it."""

    text: str
    start: int
    written: _Written


class _Parts(PhoneNumberMatcher):
    """Notes what its base would try of a candidate, as long as none of it is a number."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "ZZ")
        self._tried: list[_Part] = []

    def of(self, candidate: str, start: int) -> list[_Part]:
        """In the order in which they are tried."""
        self._tried = []
        self._extract_match(candidate, start)
        return list(dict.fromkeys(self._tried))

    def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
        self._tried.append(_Part(candidate, offset, _written(candidate)))
        return None


class _Matcher(PhoneNumberMatcher):
    def verified(self, part: _Part) -> PhoneNumberMatch | None:
        """`part` as a number, if it is one where this matcher is at home."""
        return self._parse_and_verify(part.text, part.start)


# Steps of the library that are not part of what it promises. Where one is not there, its own way
# over the text is taken, which is slower.
_CANDIDATE: Any = getattr(phonenumbermatcher, "_PATTERN", None)
_SECOND: Any = getattr(phonenumbermatcher, "_SECOND_NUMBER_START_PATTERN", None)
_KNOWN = None not in (_CANDIDATE, _SECOND) and all(
    hasattr(PhoneNumberMatcher, name) for name in ("_extract_match", "_parse_and_verify")
)


class Numbers:
    """The telephone numbers of one text, as people of several regions write them.

    Args:
        text: Cut into candidates, and those into parts, once for all regions.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._parts = _Parts(text)
        self._tried: dict[tuple[int, int], list[_Part]] = {}
        self._international: dict[_Part, PhoneNumberMatch] = {}
        self._found: dict[tuple[str, int], list[PhoneNumberMatch]] = {}
        spans = [match.span() for match in _CANDIDATE.finditer(text)] if _KNOWN else []
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]
        self._written = [_written(text[start:end]) for start, end in spans]

    def as_in(self, code: str, leniency: int) -> list[PhoneNumberMatch]:
        """Those that people of the region `code` would dial."""
        found = self._found.get((code, leniency))
        if found is None:
            matcher = _Matcher(self._text, code, leniency=leniency)
            found = list(self._by(matcher, region(code)) if _KNOWN else matcher)
            self._found[code, leniency] = found
        return found

    def _by(self, matcher: _Matcher, place: Region) -> Iterator[PhoneNumberMatch]:
        at = 0
        while (next := self._from(at, place)) is not None:
            start, end = next
            found = self._first(matcher, place, start, end)
            at = end if found is None else found.end
            if found is not None:
                yield found

    def _from(self, at: int, place: Region) -> tuple[int, int] | None:
        """The candidate that a search from `at` on would find next, but for those that hold nothing
        that `place` knows.
        """
        n = bisect_left(self._starts, at)
        if n and at < self._ends[n - 1]:  # within a candidate, behind a number it began with
            inside = _CANDIDATE.search(self._text, at)
            return None if inside is None else self._without_second(*inside.span())
        while n < len(self._starts) and not place.may_hold(self._written[n]):
            n += 1
        if n == len(self._starts):
            return None
        return self._without_second(self._starts[n], self._ends[n])

    def _without_second(self, start: int, end: int) -> tuple[int, int]:
        """Up to where a second number begins: `+41 79 123 45 67 / x68`."""
        second = _SECOND.search(self._text[start:end])
        return start, start + second.start() if second else end

    def _first(
        self, matcher: _Matcher, place: Region, start: int, end: int
    ) -> PhoneNumberMatch | None:
        parts = self._tried.get((start, end))
        if parts is None:
            parts = self._tried[start, end] = self._parts.of(self._text[start:end], start)
        for part in parts:
            found = self._international.get(part)
            if found is None and place.may_be(part.written):
                found = matcher.verified(part)
                if found is not None and _names_its_country(found):
                    self._international[part] = found
            if found is not None:
                return found
        return None


def _names_its_country(match: PhoneNumberMatch) -> bool:
    """Whether a number is the same whoever writes it, since it begins with `+` and a country."""
    if not match.raw_string.lstrip("([").startswith("+"):
        return False
    return _NO_DIGIT.sub("", match.raw_string).startswith(str(match.number.country_code))
