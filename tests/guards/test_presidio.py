"""The `presidio` guard: what it can find, what is missing for the rest, and that it works in a
worker.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("presidio_analyzer")

from jupyter_mesh.errors import ConfigError, ScreeningUnavailable
from jupyter_mesh.guards import presidio, spacy_models
from jupyter_mesh.guards.presidio import Presidio, PresidioConfig, PresidioScanner
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.spi.guard import Finding, GuardedCall
from jupyter_mesh.spi.happenings import Happenings
from tests.guards.lent import lent_tools

NAMES = [
    "Ada Lovelace lives in London",
    "Grace Hopper lives in Arlington",
    "Alan Turing worked in Bletchley",
    "Katherine Johnson worked in Hampton",
]


def guard(**settings: object) -> Presidio:
    return Presidio(PresidioConfig.model_validate(settings))


def test_it_says_what_it_can_find() -> None:
    found = guard(models={}).entities()
    assert {"EMAIL_ADDRESS", "US_BANK_NUMBER", "DE_TAX_ID", "KR_RRN", "UK_NHS"} <= found
    assert found.isdisjoint({"PERSON", "LOCATION", "DATE_TIME", "URL", "UUID"})
    assert guard(models={}, countries=["us"]).entities().isdisjoint({"UK_NHS", "DE_TAX_ID"})
    assert "IBAN_CODE" in guard(models={}, countries=["us"]).entities()
    assert "DE_TAX_ID" not in guard(models={}, languages=["en"]).entities()
    assert guard(models={}, entities=["URL", "US_SSN"]).entities() == {"URL", "US_SSN"}
    assert "US_BANK_NUMBER" not in guard(models={}, thresholds={"default": 0.5}).entities()


REMEDIES: list[tuple[dict[str, object], str, str | None]] = [
    ({}, "PERSON", "spacy download"),
    ({"models": {"en": "no_such_pipeline"}}, "PERSON", "install the spaCy pipeline 'no_such_pip"),
    ({}, "URL", "name URL and all others"),
    ({"entities": ["US_SSN"]}, "CRYPTO", "name CRYPTO, US_SSN"),
    ({"countries": ["us"]}, "UK_NHS", "add 'uk' to `countries`"),
    ({"languages": ["en"]}, "DE_TAX_ID", "add 'de' to `languages`"),
    ({"thresholds": {"US_BANK_NUMBER": 0.9}}, "US_BANK_NUMBER", "to 0.4 or less"),
    ({}, "CUSTOMER_NUMBER", None),
    ({}, "EMAIL_ADDRESS", None),
]


@pytest.mark.parametrize(("settings", "entity", "remedy"), REMEDIES)
def test_it_says_what_would_let_it_find_the_rest(
    settings: dict[str, object], entity: str, remedy: str | None
) -> None:
    said = guard(**{"models": {}, **settings}).remedy(entity)
    assert said is None if remedy is None else said is not None and remedy in said


def test_without_presidio_it_finds_nothing_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presidio, "is_installed", lambda: False)
    one = guard()
    assert one.entities() == frozenset()
    assert one.remedy("PERSON") == "install it: pip install 'jupyter-mesh[presidio]'"
    one.start("presidio", lent_tools())
    with pytest.raises(ScreeningUnavailable, match="presidio"):
        asyncio.run(one.find(["Ada"], GuardedCall()))


@pytest.mark.parametrize(
    "settings",
    [
        {"countries": ["xx"]},
        {"languages": []},
        {"entities": ["Person"]},
        {"thresholds": {"default": 1.5}},
        {"unknown": 1},
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"[Xx]x|languages|entities|threshold|unknown"):
        guard(**settings)


def test_it_finds_in_a_worker_and_the_gateway_loads_nothing() -> None:
    script = """
import asyncio, sys
from jupyter_mesh.guards.presidio import Presidio, PresidioConfig
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.spi.guard import GuardedCall
from jupyter_mesh.spi.happenings import Happenings
from tests.guards.lent import lent_tools

async def main():
    pool = WorkerPool(Happenings(), count=1)
    one = Presidio(PresidioConfig(models={}))
    one.start("presidio", lent_tools(pool))
    try:
        return await one.find(["card 4111 1111 1111 1111", "", "a@b.org"], GuardedCall())
    finally:
        await pool.aclose()

print([[(f.start, f.end, f.entity, f.score) for f in found] for found in asyncio.run(main())])
print(sorted(set(sys.modules) & {"presidio_analyzer", "spacy", "phonenumbers", "tldextract"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines() == [
        "[[(5, 24, 'CREDIT_CARD', 1.0)], [], [(0, 7, 'EMAIL_ADDRESS', 1.0)]]",
        "[]",
    ]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spaCy pipeline that has learnt the few sentences above by heart."""
    import spacy
    from spacy.training import Example
    from thinc.util import fix_random_seed

    nlp = spacy.blank("en")
    recogniser: Any = nlp.add_pipe("ner")
    examples: list[Example] = []
    for text in NAMES:
        person = " ".join(text.split()[:2])
        place = text.split()[-1]
        spans = [
            (0, len(person), "PERSON"),
            (text.index(place), len(text), "GPE"),
        ]
        examples.append(Example.from_dict(nlp.make_doc(text), {"entities": spans}))
    recogniser.add_label("PERSON")
    fix_random_seed(1)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(40):
        nlp.update(examples, sgd=optimizer)
    folder = tmp_path_factory.mktemp("spacy") / "names"
    nlp.to_disk(folder)
    return folder


def test_names_are_found_where_a_spacy_pipeline_is_there(pipeline: Path) -> None:
    one = guard(models={"en": str(pipeline)})
    assert {"PERSON", "LOCATION"} <= one.entities()
    assert one.remedy("ORGANIZATION") is not None
    text = "Ada Lovelace lives in London, ada@example.org"
    found = PresidioScanner(one._settings).scan(text)  # pyright: ignore[reportPrivateUsage]
    assert {(text[span.start : span.end], span.entity) for span in found} == {
        ("Ada Lovelace", "PERSON"),
        ("London", "LOCATION"),
        ("ada@example.org", "EMAIL_ADDRESS"),
    }


def test_with_a_pipeline_it_finds_what_presidio_finds_with_it(pipeline: Path) -> None:
    from jupyter_mesh.guards.presidio_engine import Engine
    from tests.guards.bare_presidio import bare_presidio

    said = PresidioConfig.model_validate({"models": {"en": str(pipeline)}, "languages": ["en"]})
    engine = Engine(said.settings())
    bare = bare_presidio(said.settings(), engine.engines["en"])
    count = 0
    for text in [*NAMES, "Grace Hopper, my bank account 945456787654, phone 212-555-0143"]:
        expected = bare(text, ["en"])
        assert {
            (o.start, o.end, o.entity, round(o.score, 6)) for o in engine.scan(text)
        } == expected
        count += len(expected)
    assert count > 8


def test_own_labels_are_called_as_policy_says(pipeline: Path) -> None:
    one = guard(models={"en": str(pipeline)}, labels={"GPE": "CITY"}, entities=["CITY", "US_SSN"])
    assert one.entities() == {"CITY", "US_SSN"}
    found = PresidioScanner(one._settings).scan("Ada Lovelace lives in London")  # pyright: ignore[reportPrivateUsage]
    assert [span.entity for span in found] == ["CITY"]


def test_a_pipeline_that_is_missing_is_told_and_never_fetched() -> None:
    one = guard(models={"en": "en_core_web_missing"})
    assert "PERSON" not in one.entities()
    with pytest.raises(OSError, match="en_core_web_missing"):
        PresidioScanner(one._settings)  # pyright: ignore[reportPrivateUsage]


def test_of_the_pipelines_installed_the_largest_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Entry:
        def __init__(self, name: str) -> None:
            self.name = name

    def entries(group: str) -> list[Entry]:
        assert group == "spacy_models"
        return [Entry("en_core_web_sm"), Entry("de_core_news_md"), Entry("en_core_web_lg")]

    monkeypatch.setattr(spacy_models, "entry_points", entries)
    spacy_models.installed.cache_clear()
    try:
        assert spacy_models.installed() == {"en": "en_core_web_lg", "de": "de_core_news_md"}
    finally:
        monkeypatch.undo()
        spacy_models.installed.cache_clear()


async def _find(one: Presidio, texts: list[str]) -> list[list[Finding]]:
    pool = WorkerPool(Happenings(), count=1)
    one.start("presidio", lent_tools(pool))
    try:
        return [list(found) for found in await one.find(texts, GuardedCall())]
    finally:
        await pool.aclose()


def test_a_pipeline_that_cannot_be_loaded_closes_the_call() -> None:
    with pytest.raises((ScreeningUnavailable, ConfigError)):
        asyncio.run(_find(guard(models={"en": "en_core_web_missing"}), ["Ada"]))
