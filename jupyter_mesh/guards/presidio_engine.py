"""Presidio as it runs in a worker: its recognizers, its rules of context, thresholds and overlaps,
without its detours and without any network. Imported in workers only.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import presidio_analyzer.predefined_recognizers as predefined
import tldextract
from presidio_analyzer import EntityRecognizer
from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpEngine, SpacyNlpEngine
from presidio_analyzer.predefined_recognizers import SpacyRecognizer

from ..spi.workers import ScannedSpan
from .languages import DETECTED, languages_of
from .presidio_patterns import Recognizer, Text, without_contained
from .presidio_settings import PresidioSettings
from .presidio_words import BOOST, LEAST, ReadWords, Surroundings, WrittenWords
from .span import Span

_PACKAGES = ("generic", "country_specific")
_email: Any = import_module(f"{predefined.__name__}.generic.email_recognizer")


def stay_offline() -> None:
    """Check the ends of e-mail addresses by the list that came with the package: otherwise the
    first one that is checked fetches a newer list.
    """
    # The recognizer calls a function of its module; nothing else of the process is changed.
    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    _email.tldextract = _Offline(offline)


class _Offline(NamedTuple):
    extract: tldextract.TLDExtract


class _Found(NamedTuple):
    span: Span
    by: Recognizer


class Engine:
    """Looks for what the settings say."""

    def __init__(self, said: PresidioSettings) -> None:
        logging.getLogger("presidio-analyzer").setLevel(logging.CRITICAL)  # it logs texts
        stay_offline()
        self.said = said
        self.engines: dict[str, NlpEngine] = {
            language: _engine(language, name, said) for language, name in said.models.items()
        }
        self._by_language: dict[str, list[Recognizer]] = {}
        for own in recognizers(said):
            one = Recognizer(own, min(map(said.threshold, own.supported_entities)))
            if one.may_find:
                self._by_language.setdefault(own.supported_language, []).append(one)

    def scan(self, text: str) -> Sequence[ScannedSpan]:
        """What Presidio would find, in all languages of the text."""
        if self.said.languages is None:
            untold = [one for one in self.engines if one not in DETECTED]
            languages = [*languages_of(text, self._by_language), *untold]
        else:
            languages = list(self.said.languages)
        seen = Text(text)
        spans = [span for one in languages for span in self._in_language(seen, one)]
        kept = without_contained(spans) if len(languages) > 1 else spans
        return [ScannedSpan(*span) for span in kept]

    def _in_language(self, text: Text, language: str) -> list[Span]:
        engine = self.engines.get(language)
        asked = self._by_language.get(language, [])
        artifacts = engine.process_text(text.whole, language) if engine and asked else None
        found = [_Found(span, one) for one in asked for span in one.find(text, artifacts)]
        if self.said.context_words and any(one.by.context for one in found):
            around = ReadWords(artifacts) if artifacts else WrittenWords(text.whole)
            found = list(_supported(found, around))
        return without_contained(
            span for span, _ in found if span.score >= self.said.threshold(span.entity)
        )


def _supported(found: Sequence[_Found], around: Surroundings) -> Iterator[_Found]:
    """Those surer that stand behind a word of their context."""
    for one in found:
        span = one.span
        if one.by.context and around.support(span.start, one.by.context):
            score = min(1.0, max(span.score + BOOST, LEAST))
            yield one._replace(span=span._replace(score=score))
        else:
            yield one


def recognizers(said: PresidioSettings) -> list[EntityRecognizer]:
    """Presidio's own, as the settings ask for them: each in its language, those of no country in
    the first.
    """
    made: list[EntityRecognizer] = []
    for kind in recognizer_classes():
        # Those of a country speak its language, unless they take another one.
        own = kind()
        generic = own.COUNTRY_CODE is None
        if generic:
            own.supported_language = said.first_language
        if _is_wanted(own, said):
            extra = said.context.get(own.supported_entities[0], ())
            own.context = [*(own.context or ()), *extra] or None
            made.append(own)
    for language in said.models:
        entities = sorted(said.wanted(set(said.labels.values())))
        if entities:
            made.append(SpacyRecognizer(supported_language=language, supported_entities=entities))
    return made


def recognizer_classes() -> list[type[Any]]:
    """Presidio's recognizers that need neither a model nor a service."""
    every: Mapping[str, Any] = vars(predefined)
    return [
        kind
        for _, kind in sorted(every.items())
        if isinstance(kind, type)
        and issubclass(kind, EntityRecognizer)
        and kind.__module__.removeprefix(f"{predefined.__name__}.").startswith(_PACKAGES)
    ]


def _is_wanted(own: EntityRecognizer, said: PresidioSettings) -> bool:
    if said.languages is not None and own.supported_language not in said.languages:
        return False
    country = own.COUNTRY_CODE
    if country and said.countries is not None and country not in said.countries:
        return False
    return bool(said.wanted(set(own.supported_entities)))


def _engine(language: str, model: str, said: PresidioSettings) -> NlpEngine:
    spacy: Any = import_module("spacy")
    engine = SpacyNlpEngine(
        models=[{"lang_code": language, "model_name": model}],
        ner_model_configuration=NerModelConfiguration(
            model_to_presidio_entity_mapping=dict(said.labels),
            labels_to_ignore=[],
        ),
    )
    # Not by the engine's own `load`, which fetches a model that is not there.
    engine.nlp = {language: spacy.load(model)}
    return engine
