"""What runs in a worker finds what Presidio finds, and asks nobody."""

from __future__ import annotations

import socket
from collections.abc import Sequence

import pytest

pytest.importorskip("presidio_analyzer")

from jupyter_mesh.guards.presidio_engine import Engine, recognizer_classes, recognizers
from jupyter_mesh.guards.presidio_known import KNOWN
from jupyter_mesh.guards.presidio_patterns import Recognizer, Text
from jupyter_mesh.guards.presidio_settings import PresidioSettings
from tests.guards.bare_presidio import Found, bare_presidio
from tests.guards.odd_texts import odd_texts

ALL = ("en", "de", "es", "fi", "it", "ko", "pl", "sv", "th", "tr")
EVERYTHING = frozenset(KNOWN)
TEXTS = [
    "",
    "Nothing of interest in here.",
    "Ask Ada at ada@example.org or 212-555-0143, IBAN DE89 3704 0044 0532 0130 00.",
    "Card 4111 1111 1111 1111, SSN 078-05-1120, server 10.1.2.3, fe80::1ff:fe23:4567:890a.",
    "My ssn: 219099999. Be quick. To be or not, my bank account number is 945456787654.",
    *odd_texts(30),
]


def found_by(engine: Engine, text: str) -> Found:
    return {(one.start, one.end, one.entity, round(one.score, 6)) for one in engine.scan(text)}


SETTINGS = {
    "as it is by default": PresidioSettings(languages=ALL),
    "everything, however unsure": PresidioSettings(
        languages=ALL, entities=EVERYTHING, thresholds={"default": 0.0}
    ),
    "no words around, however unsure": PresidioSettings(
        languages=ALL, thresholds={"default": 0.0}, context_words=False
    ),
    "two countries and words of one's own": PresidioSettings(
        languages=("en", "de"),
        countries=frozenset({"us", "de"}),
        context={"US_BANK_NUMBER": ("ref",), "DE_TAX_ID": ("card",)},
    ),
}


@pytest.mark.parametrize("said", SETTINGS.values(), ids=SETTINGS)
def test_it_finds_exactly_what_presidio_finds(said: PresidioSettings) -> None:
    engine, bare = Engine(said), bare_presidio(said)
    count = 0
    for text in TEXTS:
        assert said.languages is not None
        expected = _without_contained(bare(text, said.languages))
        assert found_by(engine, text) == expected, text
        count += len(expected)
    assert count > 50, "or the comparison means nothing"


def _without_contained(found: Found) -> Found:
    """Presidio takes out what lies within another finding in one language, not between two."""
    return {
        one
        for one in found
        if not any(
            other[2] == one[2]
            and other[0] <= one[0]
            and one[1] <= other[1]
            and one[3] <= other[3]
            and other != one
            for other in found
        )
    }


def test_what_it_passes_over_for_speed_could_not_have_been_found() -> None:
    """Each recognizer alone, so that none hides behind another."""
    said = PresidioSettings(languages=ALL, entities=EVERYTHING, thresholds={"default": 0.0})
    hits: set[str] = set()
    for own in recognizers(said):
        ours = Recognizer(own, 0.0)
        for text in (*TEXTS, *odd_texts(30, seed=8)):
            expected = {
                (one.start, one.end, one.score)
                for one in own.analyze(text, own.supported_entities, None) or ()  # pyright: ignore[reportArgumentType]
            }
            got = {(span.start, span.end, span.score) for span in ours.find(Text(text))}
            assert got == expected, (own.name, text)
            hits |= {ours.entity} if expected else set()
    assert len(hits) > 50, "or the comparison means nothing"


def test_every_recognizer_of_presidio_that_needs_no_model_is_known() -> None:
    asked = [kind() for kind in recognizer_classes()]
    assert {one.supported_entities[0] for one in asked} == set(KNOWN)
    for own in asked:
        known = KNOWN[own.supported_entities[0]]
        assert (own.COUNTRY_CODE or "", own.supported_language) == known[:2]
        assert Recognizer(own, known.surest).may_find
        if known.surest < 1:
            assert (
                not hasattr(own, "patterns") or not Recognizer(own, known.surest + 0.011).may_find
            )


def test_checking_an_address_asks_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(*args: object, **_: object) -> Sequence[object]:
        asked.append(args)
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    engine = Engine(PresidioSettings())
    assert found_by(engine, "to ada@example.co.uk") == {(3, 20, "EMAIL_ADDRESS", 1.0)}
    assert found_by(engine, "to ada@example.notatld") == set()
    assert not asked


def test_a_score_decides_by_entity() -> None:
    text = "ring 212-555-0143"
    telephone = {(5, 17, "PHONE_NUMBER", 0.4)}
    assert found_by(Engine(PresidioSettings(thresholds={"default": 0.4})), text) == telephone
    assert not found_by(Engine(PresidioSettings(thresholds={"default": 0.41})), text)
    by_entity = {"default": 1.0, "PHONE_NUMBER": 0.4}
    assert found_by(Engine(PresidioSettings(thresholds=by_entity)), text) == telephone


def test_a_word_before_a_number_makes_it_surer_and_others_can_be_added() -> None:
    said = PresidioSettings(thresholds={"default": 0.4})
    assert not found_by(Engine(said), "the number 945456787654")
    account = "my bank account 945456787654"
    assert {one[2] for one in found_by(Engine(said), account)} == {"US_BANK_NUMBER"}
    too_far = "my bank account is, as you may well know, 945456787654"
    assert not found_by(Engine(said), too_far)
    own = said.model_copy(update={"context": {"US_BANK_NUMBER": ("konto",)}})
    assert {one[2] for one in found_by(Engine(own), "Konto 945456787654")} == {"US_BANK_NUMBER"}


def test_numbers_of_other_countries_are_found_in_texts_in_their_languages() -> None:
    engine = Engine(PresidioSettings(thresholds={"default": 0.5}))
    german = "Bitte prüfen Sie die Steuer-ID 36574261809 des Kunden und antworten Sie mir."
    assert "DE_TAX_ID" in {one[2] for one in found_by(engine, german)}
    assert "DE_TAX_ID" not in {one[2] for one in found_by(engine, "Check 36574261809 please.")}
    always = Engine(PresidioSettings(languages=("en", "de"), thresholds={"default": 0.5}))
    assert "DE_TAX_ID" in {one[2] for one in found_by(always, "Check 36574261809 please.")}
