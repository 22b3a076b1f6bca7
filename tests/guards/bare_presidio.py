"""Presidio itself, as its manual sets it up, with the recognizers that our settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpEngine, NoOpNlpEngine

from jupyter_mesh.guards.presidio_engine import recognizers
from jupyter_mesh.guards.presidio_settings import PresidioSettings
from tests.guards.written_words import WrittenWords

Found: TypeAlias = set[tuple[int, int, str, float]]


def bare_presidio(
    said: PresidioSettings, engine: NlpEngine | None = None
) -> Callable[[str, Sequence[str]], Found]:
    """Its analyzer, asked in each of some languages."""
    every = recognizers(said)
    languages = sorted({one.supported_language for one in every})
    if engine is None and said.context_words:
        engine = WrittenWords()
    elif engine is None:
        engine = NoOpNlpEngine([{"lang_code": one, "model_name": "none"} for one in languages])
        engine.load()
    registry = RecognizerRegistry(recognizers=every, supported_languages=languages)
    analyzer = AnalyzerEngine(registry, engine, supported_languages=languages)

    def find(text: str, asked: Sequence[str]) -> Found:
        return {
            (one.start, one.end, one.entity_type, round(one.score, 6))
            for language in asked
            for one in analyzer.analyze(text, language)
            if one.score >= said.threshold(one.entity_type)
        }

    return find
