"""How well personal data is found: recall, precision and F2 of each way to find it, on a public set
of generated texts. `python -m benchmarks --only pii`.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

from jupyter_mesh.guards.deny_list import DenyListConfig, DenyListDetector
from jupyter_mesh.guards.ner import Ner, NerConfig
from jupyter_mesh.guards.patterns import Patterns, PatternsConfig
from jupyter_mesh.guards.presidio import Presidio, PresidioConfig, is_installed
from jupyter_mesh.guards.presidio_known import KNOWN
from jupyter_mesh.guards.secrets import Secrets, SecretsConfig
from jupyter_mesh.guards.spacy_models import installed
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.providers.huggingface import HuggingFace
from jupyter_mesh.providers.huggingface_config import HuggingFaceConfig
from jupyter_mesh.schemas.events import Events
from jupyter_mesh.schemas.request import Request
from jupyter_mesh.serving.supervisor import Supervisor
from jupyter_mesh.spi.guard import Detector, GuardedCall, GuardTools
from jupyter_mesh.spi.happenings import Happenings
from jupyter_mesh.spi.models import Models
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.spi.secrets import SecretStore
from jupyter_mesh.testing.attempts import provider_context

from . import pii_set
from .pii_set import Marked, Span
from .report import Row

_LISTED = ("PERSON", "ORGANIZATION", "STREET_ADDRESS", "GPE")
_PRESIDIO = PresidioConfig(languages=("en",))
_NO_NAMES = PresidioConfig(languages=("en",), models={})
_EVERYTHING = PresidioConfig(languages=("en",), models={}, entities=frozenset(KNOWN))
_AT_ONCE = 64


async def pii_sections(quick: bool) -> dict[str, list[Row]]:
    """Each way on the whole set; what had to learn, on the half that it did not see."""
    if not pii_set.SET.is_file():
        return {f"personal data: not measured, there is no {pii_set.SET.name}": []}
    texts = pii_set.load()
    learnt, unseen = pii_set.halves(texts)
    if quick:
        texts, unseen = texts[::5], unseen[::5]
    with tempfile.TemporaryDirectory() as folder:
        return {
            f"personal data, {pii_set.NAME}": await _whole(texts, pii_set.values(texts)),
            f"personal data, the {len(unseen)} texts whose templates were not learnt from": (
                await _unseen(Path(folder), learnt, unseen)
            ),
        }


async def _whole(texts: Sequence[Marked], listed: Mapping[str, Sequence[str]]) -> list[Row]:
    lists = {name: _list(name, listed.get(name, ())) for name in _LISTED if listed.get(name)}
    ways: dict[str, dict[str, Detector]] = {
        "patterns": _built_in(),
        "standard without names": _built_in() | _presidio(_NO_NAMES),
        "standard without names, dates and web addresses asked for too": (
            _built_in() | _presidio(_EVERYTHING)
        ),
        "standard, and a list that knows every name, place and address": (
            _built_in() | _presidio(_NO_NAMES) | lists
        ),
    }
    if models := installed():
        way = f"standard with spaCy's {', '.join(models.values())}"
        ways[way] = _built_in() | _presidio(_PRESIDIO)
    rows: list[Row] = []
    for name, detectors in ways.items():
        rows += pii_set.rows(pii_set.score(texts, await _found(texts, detectors)), name)
    return [*rows, *_bare(texts)]


async def _unseen(folder: Path, learnt: Sequence[Marked], unseen: Sequence[Marked]) -> list[Row]:
    from .pii_models import train_spacy, train_token_classifier

    known = pii_set.values(learnt)
    lists = {name: _list(name, known[name]) for name in _LISTED}
    rows: list[Row] = []
    ways: dict[str, dict[str, Detector]] = {
        "standard without names": _built_in() | _presidio(_NO_NAMES),
        "standard, and a list of the names in the other half": (
            _built_in() | _presidio(_NO_NAMES) | lists
        ),
    }
    if is_installed():
        pipeline = await asyncio.to_thread(train_spacy, folder / "spacy", learnt)
        own = PresidioConfig(languages=("en",), models={"en": str(pipeline)})
        ways["standard with a spaCy pipeline that learnt from the other half"] = (
            _built_in() | _presidio(own)
        )
    model = await asyncio.to_thread(train_token_classifier, folder / "names", learnt)
    labels = {name: name for name in _LISTED} | {"TITLE": "TITLE", "AGE": "AGE", "NRP": "NRP"}
    ner = Ner(NerConfig(model="local/names", labels=labels, window=240, overlap=60))
    way = "standard with a token classifier that learnt from the other half"
    ways[way] = _built_in() | _presidio(_NO_NAMES) | {"names": ner}
    context = provider_context(
        connection="local",
        state_dir=folder,
        models={"names": {"path": str(model), "task": "token-classify"}},
        engine=Supervisor,
    )
    provider = HuggingFace(HuggingFaceConfig(), context)
    try:
        for name, detectors in ways.items():
            found = await _found(unseen, detectors, _Asked(provider))
            rows += pii_set.rows(pii_set.score(unseen, found), name)
    finally:
        await provider.aclose()
    return rows


def _built_in() -> dict[str, Detector]:
    return {"patterns": Patterns(PatternsConfig()), "secrets": Secrets(SecretsConfig())}


def _presidio(config: PresidioConfig) -> dict[str, Detector]:
    return {"presidio": Presidio(config)} if is_installed() else {}


def _list(entity: str, terms: Iterable[str]) -> Detector:
    return DenyListDetector(DenyListConfig(terms=tuple(sorted(set(terms))), entity=entity))


class _Asked:
    """`spi.Models`: one provider, without the rest of a mesh."""

    def __init__(self, provider: HuggingFace) -> None:
        self._provider = provider

    def stream(self, request: Request, *, parent: str, purpose: str) -> Events:
        model = request.model.partition("/")[2]
        return self._provider.stream(
            Attempt(
                request=request,
                model=model,
                stream=False,
                timeout=300.0,
                idle_timeout=300.0,
                call_id=parent,
            )
        )


async def _found(
    texts: Sequence[Marked], detectors: Mapping[str, Detector], models: _Asked | None = None
) -> list[list[Span]]:
    """What all detectors find in each text, in real workers."""
    happenings = Happenings()
    pool = WorkerPool(happenings, count=1)
    with tempfile.TemporaryDirectory() as folder:
        tools = GuardTools(
            cast("Models", models), cast("SecretStore", None), pool, Path(folder), happenings
        )
        found: list[list[Span]] = [[] for _ in texts]
        try:
            for name, detector in detectors.items():
                detector.start(name, tools)
                for start in range(0, len(texts), _AT_ONCE):
                    some = [one.text for one in texts[start : start + _AT_ONCE]]
                    results = await detector.find(some, GuardedCall("bench"))
                    for n, findings in enumerate(results, start):
                        found[n] += [Span(one.start, one.end, one.entity) for one in findings]
                await detector.aclose()
        finally:
            await pool.aclose()
    return found


def _bare(texts: Sequence[Marked]) -> list[Row]:
    """Presidio itself: with the recognizers, languages and thresholds that the detector has, and as
    it comes, which has fewer recognizers and finds every date and URL.
    """
    if not is_installed():
        return []
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    from jupyter_mesh.guards.presidio_engine import recognizers, stay_offline

    stay_offline()
    said = _NO_NAMES.settings()
    engine = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    engine.load()
    usual = RecognizerRegistry(supported_languages=["en"])
    usual.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    same = RecognizerRegistry(recognizers=recognizers(said), supported_languages=["en"])
    rows: list[Row] = []
    for name, registry in {
        "bare Presidio, the same recognizers": same,
        "bare Presidio as it comes": usual,
    }.items():
        analyzer = AnalyzerEngine(registry, engine, supported_languages=["en"])
        found = [
            [
                Span(one.start, one.end, one.entity_type)
                for one in analyzer.analyze(marked.text, "en")
                if one.score >= said.threshold(one.entity_type)
            ]
            for marked in texts
        ]
        rows += pii_set.rows(pii_set.score(texts, found), name)
    return rows
