"""Names that must not leave the house: an admin's list of terms, as a judge and as a detector."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field

from ..errors import ConfigError
from ..schemas.json import JsonObject, as_list
from ..spi.guard import Detector, Finding, GuardConfig, GuardedCall, GuardTools, Judge, Verdict
from ..spi.workers import Scanner
from .normal_form import NormalForm, normal_form
from .scan import Scan
from .span import Span

_WORD = re.compile(r"\w+")
_SPACE = re.compile(r"\s+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
)
"""Scripts that write words without spaces between them (and Korean, which ties endings to them)."""


_BEGINNING = 2
"""Characters under which a term is filed that may stand inside a word; a shorter one by itself."""
_MANY = 2_000
"""Terms, from which on filing them takes longer than anybody should wait for."""


class DenyListConfig(GuardConfig):
    """Where the terms are.

    Attributes:
        terms: Words and phrases.
        file: A text file with one term in each line; blank lines and lines from `#` on are skipped.
        entity: What a finding is called.
        whole_words: Whether a term inside a longer word is let pass.
    """

    terms: tuple[str, ...] = ()
    file: Path | None = None
    entity: str = Field(default="DENIED_TERM", pattern=r"^[A-Z][A-Z0-9_]*$")
    whole_words: bool = True


class _Term(NamedTuple):
    """Between the parts is white space, any amount of it."""

    parts: tuple[str, ...]
    part: int
    """The one that holds the word it is filed under."""
    before: int
    """Characters of that part in front of the word."""


class TermIndex:
    """Terms filed under the word that fewest of them share: a text costs one look-up for each of
    its words, and little more however alike the terms are.

    Case, width, ligatures, invisible characters and the kind of white space do not matter.
    """

    def __init__(self, terms: Iterable[str], *, whole_words: bool = True) -> None:
        self._whole_words = whole_words
        self._by_word: dict[str, list[_Term]] = {}
        self._anywhere: dict[str, list[tuple[str, ...]]] = {}
        known = dict.fromkeys(" ".join(normal_form(term).text.split()) for term in terms)
        shared = Counter(word for term in known for word in set(_WORD.findall(term)))
        for term in filter(None, known):
            words = list(_WORD.finditer(term))
            parts = tuple(term.split(" "))
            if not words or not whole_words or _UNSPACED.search(term):
                self._anywhere.setdefault(parts[0][:_BEGINNING], []).append(parts)
            else:
                word = min(words, key=lambda one: shared[one[0]])
                part = term.count(" ", 0, word.start())
                before = word.start() - (term.rfind(" ", 0, word.start()) + 1)
                self._by_word.setdefault(word[0], []).append(_Term(parts, part, before))
        self._first = frozenset(beginning[0] for beginning in self._anywhere)

    def __len__(self) -> int:
        filed = (*self._anywhere.values(), *self._by_word.values())
        return sum(map(len, filed))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where terms stand in `text`, in no particular order."""
        form = normal_form(text)
        # Most texts name nothing: that much is known without looking at positions.
        if not self._by_word.keys().isdisjoint(_WORD.findall(form.text)):
            yield from self._words_in(form)
        if not self._first.isdisjoint(form.text):
            yield from self._anywhere_in(form)

    def _anywhere_in(self, form: NormalForm) -> Iterator[tuple[int, int]]:
        text, ended = form.text, dict[tuple[str, ...], int]()
        for start, char in enumerate(text):
            if char not in self._first:
                continue
            for beginning in dict.fromkeys((char, text[start : start + _BEGINNING])):
                for parts in self._anywhere.get(beginning, ()):
                    if start < ended.get(parts, 0):
                        continue
                    if (end := _match_at(text, start, parts)) is not None:
                        ended[parts] = end
                        yield form.span(start, end)

    def _words_in(self, form: NormalForm) -> Iterator[tuple[int, int]]:
        for word in _WORD.finditer(form.text):
            for term in self._by_word.get(word[0], ()):
                place = word.start() - term.before
                end = _match_at(form.text, place, term.parts[term.part :])
                if end is None:
                    continue
                start = _start_before(form.text, place, term.parts[: term.part])
                if start is not None and _stands_alone(form.text, start, end):
                    yield form.span(start, end)


def _match_at(text: str, start: int, parts: tuple[str, ...]) -> int | None:
    """Where `parts`, with white space between them, end if they begin at `start`."""
    if start < 0 or not text.startswith(parts[0], start):
        return None
    end = start + len(parts[0])
    for part in parts[1:]:
        space = _SPACE.match(text, end)
        if space is None or not text.startswith(part, space.end()):
            return None
        end = space.end() + len(part)
    return end


def _start_before(text: str, end: int, parts: tuple[str, ...]) -> int | None:
    """Where `parts`, with white space behind each, begin if they end at `end`."""
    for part in reversed(parts):
        gap = end
        while gap > 0 and text[gap - 1].isspace():
            gap -= 1
        end, before = gap - len(part), end
        if gap == before or end < 0 or not text.startswith(part, end):
            return None
    return end


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether the text at the borders does not go on as a word where the term is one."""
    left = start == 0 or not (_is_word(text[start]) and _is_word(text[start - 1]))
    right = end == len(text) or not (_is_word(text[end - 1]) and _is_word(text[end]))
    return left and right and not (end < len(text) and unicodedata.combining(text[end]))


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_" or unicodedata.combining(char) != 0


class TermScanner(Scanner):
    """The terms of a list in one text."""

    slice: ClassVar[int] = 65_536
    after: ClassVar[int] = 32_768  # any amount of white space may stand between two words

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)
        terms = map(str, as_list(settings["terms"]) or ())
        self._index = TermIndex(terms, whole_words=bool(settings["whole_words"]))
        self._entity = str(settings["entity"])

    def scan(self, text: str) -> Iterator[Span]:
        return (Span(start, end, self._entity, 1.0) for start, end in self._index.spans(text))


def _terms(config: DenyListConfig) -> list[str]:
    terms = list(config.terms)
    if config.file is not None:
        try:
            lines = config.file.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigError(f"The deny list {config.file} cannot be read: {reason}.") from None
        terms += [line for line in map(str.strip, lines) if line and not line.startswith("#")]
    if not any(normal_form(term).text.split() for term in terms):
        raise ConfigError("A deny list needs `terms`, or a `file` that holds some.")
    return terms


def _load(config: DenyListConfig, terms: list[str]) -> Scan:
    whole_words, entity = config.whole_words, config.entity
    settings: JsonObject = {"terms": [*terms], "whole_words": whole_words, "entity": entity}
    return Scan(TermScanner, settings, heavy=len(terms) > _MANY)


class DenyList(Judge):
    """Judges a text that names a denied term as certainly harmful; never says which term."""

    Config: type[GuardConfig] = DenyListConfig
    name: ClassVar[str] = "deny_list"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, DenyListConfig)
        self._category = config.entity
        self._scan = _load(config, _terms(config))

    def categories(self) -> frozenset[str]:
        return frozenset({self._category})

    def start(self, name: str, tools: GuardTools) -> None:
        self._scan.start(tools)

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        named = await self._scan.finds(text)
        return Verdict(1.0, (self._category,)) if named else Verdict(0.0)


class DenyListDetector(Detector):
    """Finds denied terms, so that they can be redacted."""

    Config: type[GuardConfig] = DenyListConfig
    name: ClassVar[str] = "deny_list_detector"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, DenyListConfig)
        terms = _terms(config)
        self._scan = _load(config, terms)
        self.longest = max(self.longest, *(2 * len(term) for term in terms))
        self._entities = frozenset({config.entity})

    def start(self, name: str, tools: GuardTools) -> None:
        self._scan.start(tools)

    def entities(self) -> frozenset[str]:
        return self._entities

    def surest(self, entity: str) -> float:
        return 1.0

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        return await self._scan.findings(texts, self.name)
