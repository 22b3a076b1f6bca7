"""Presidio without the mesh: what it costs and what it finds beside our detector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from jupyter_mesh.guards.presidio import PresidioConfig, is_installed
from jupyter_mesh.guards.presidio_known import KNOWN

from .report import Row
from .screened_texts import texts

EVERY_RECOGNIZER = PresidioConfig(languages=("en",), entities=frozenset(KNOWN))
"""All that speak English, those that Presidio leaves out by itself too."""
if TYPE_CHECKING:
    from presidio_analyzer import RecognizerRegistry

Found: TypeAlias = set[tuple[int, int, str]]


def as_it_comes() -> PresidioConfig:
    """The detector with the recognizers that Presidio's registry has by itself."""
    own = list(_usual().recognizers)
    entities = frozenset(entity for one in own for entity in one.supported_entities)
    countries = frozenset(one.COUNTRY_CODE for one in own if one.COUNTRY_CODE)
    return PresidioConfig(languages=("en",), entities=entities, countries=countries)


def bare_presidio() -> dict[str, Callable[[str], Found]]:
    """Presidio's own analyzer: as it comes, and with the recognizers that the detector uses."""
    if not is_installed():
        return {}
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    from jupyter_mesh.guards.presidio_engine import recognizers, stay_offline

    stay_offline()
    said = EVERY_RECOGNIZER.settings()
    words = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    words.load()
    usual = _usual()
    same = RecognizerRegistry(recognizers=recognizers(said), supported_languages=["en"])

    def analyze(registry: RecognizerRegistry) -> Callable[[str], Found]:
        analyzer = AnalyzerEngine(registry, words, supported_languages=["en"])
        return lambda text: {
            (one.start, one.end, one.entity_type)
            for one in analyzer.analyze(text, "en")
            if one.score >= said.threshold(one.entity_type)
        }

    return {
        f"bare Presidio as it comes, {len(list(usual.recognizers))} recognizers": analyze(usual),
        f"bare Presidio, the same {len(list(same.recognizers))} recognizers": analyze(same),
    }


def _usual() -> RecognizerRegistry:
    from presidio_analyzer import RecognizerRegistry
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    words = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    usual = RecognizerRegistry(supported_languages=["en"])
    usual.load_predefined_recognizers(languages=["en"], nlp_engine=words)
    return usual


def compared(known: Sequence[str], count: int) -> list[Row]:
    """What the detector finds and what bare Presidio finds, in the same texts."""
    rows: list[Row] = []
    if not is_installed():
        return rows
    from jupyter_mesh.guards.presidio_engine import Engine

    engine = Engine(EVERY_RECOGNIZER.settings())
    every = texts(count, 1_000, [*known])
    ours = [{(one.start, one.end, one.entity) for one in engine.scan(text)} for text in every]
    for title, analyze in bare_presidio().items():
        theirs = [analyze(text) for text in every]
        pairs = list(zip(ours, theirs, strict=True))
        rows.append(
            {
                "against": title,
                "texts": str(count),
                "found by it": str(sum(map(len, theirs))),
                "of these by us": str(sum(len(a & b) for a, b in pairs)),
                "by us alone": str(sum(len(a - b) for a, b in pairs)),
            }
        )
    return rows
