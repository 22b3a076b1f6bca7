"""Telling the languages of a text, as far as it decides whose numbers are looked for."""

from __future__ import annotations

import pytest

from jupyter_mesh.guards.languages import DETECTED, languages_of

TEXTS = [
    ("", "en"),
    ("Please send the report to the client before noon, and thank them for it.", "en"),
    (
        "We met in Los Angeles on the way to La Paz; the el train was late. Die hard is a film.",
        "en",
    ),
    ("Bitte prüfen Sie, ob der Kunde die Rechnung mit der Nummer 4711 bezahlt hat.", "de en"),
    ("El cliente no está en la oficina y su número es el siguiente.", "en es"),
    ("Il numero del cliente non è nella banca dati, ma questo è il suo codice.", "en it"),
    ("Proszę sprawdzić, czy numer klienta jest w bazie i nie ma go dla tego pana.", "en pl"),
    ("Kunden har inte betalat och vi kan inte nå honom på det numret som är här.", "en sv"),
    ("Asiakas ei ole vielä maksanut, mutta hän on luvannut ja se kun tai myös.", "en fi"),
    ("Müşteri henüz ödemedi ama numarası bu ve bir daha aradım için çok.", "en tr"),
    ("고객 번호를 확인해 주세요", "en ko"),
    ("กรุณาตรวจสอบหมายเลข", "en th"),
    (
        "The contract says: Der Kunde ist nicht mit der Zahlung im Verzug. What does it mean?",
        "de en",
    ),
    ("x" * 30_000 + " 고객", "en ko"),
]


@pytest.mark.parametrize(("text", "languages"), TEXTS)
def test_the_languages_of_a_text(text: str, languages: str) -> None:
    assert sorted(languages_of(text, DETECTED)) == languages.split()


def test_only_languages_that_are_of_use_are_told() -> None:
    german = "Der Kunde hat die Rechnung nicht bezahlt und wir haben ihn gemahnt."
    assert languages_of(german, ["it"]) == ["en"]
