"""An engine that gives Presidio itself the words of a text as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

_TOKEN = re.compile(r"\w+|[^\w\s]+|\s+")


class WrittenWords(NlpEngine):
    """An engine of Presidio's that knows no language: each word is its own lemma."""

    engine_name = "written_words"
    is_available = True

    def load(self) -> None:
        """Nothing is to be loaded."""

    def is_loaded(self) -> bool:
        """Always."""
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """The words of `text` and where they are."""
        found = list(_TOKEN.finditer(text))
        words: Any = [match[0] for match in found]
        lemmas: Any = [word.upper() for word in words]  # Presidio passes over `be` alone
        return NlpArtifacts([], words, [match.start() for match in found], lemmas, self, language)

    def process_batch(
        self, texts: Iterable[Any], language: str, *args: Any, **kwargs: Any
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Each text and its words."""
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        """No word is passed over."""
        return False

    def is_punct(self, word: str, language: str) -> bool:
        """Whether it is no word."""
        return not any(map(str.isalnum, word))

    def get_supported_entities(self) -> list[str]:
        """None: it names nothing."""
        return []

    def get_supported_languages(self) -> list[str]:
        """Any will do."""
        return []
