"""Texts full of numbers that are nearly something: made anew from a seed, the same each time."""

from __future__ import annotations

import random
from collections.abc import Iterator

import phonenumbers

_WORD_LIST = (
    "account card credit visa bank routing aba passport number driver license ssn social security "
    "tax id tin vat pan aadhaar nhs nino abn tfn medicare iban call mobile tel telephone phone "
    "Steuernummer Personalausweis Krankenkasse Führerschein DNI NIE codice fiscale patente PESEL "
    "henkilötunnus personnummer plaka 주민등록번호 여권 company public be Be is the of und der für "
    "el los della mój och ve için (see: ref. #4, e.g. naïve ＡＢＣ card: sin/nas claim rx"
)
_WORDS = _WORD_LIST.split()
_SHAPES = (
    *("999-99-9999", "9999 9999 9999 9999", "A9999999A", "AA999999A", "99999999999", "AAAAA9999A"),
    *("99-999999/9999", "AA99 AAA", "999.999.999.999", "AA99 9999 9999 9999 9999 99", "A99999999"),
    *("aa:bb:99:ff:00:11", "fe80::9:9f", "999/999/99999", "9999999A", "HRB 99999", "999999-999A"),
    *("99.99.9999", "9999-99-99", "a.b@cc.de", "x@y.co.uk", "https://a.example.com/9", "999999999"),
    *("AAAAAA99A99A999A", "T9999", "9999-9999999-9", "AA 99 AAA 9999", "+99 999 999 9999", "99999"),
    *("CLM-999999", "RX 9999999", "9AA9AA9AA99", "AA99999999999", "(999) 999-9999", "99AAA99999"),
)


def number_like(chance: random.Random) -> str:
    """One shape with other digits and letters in it, or a number of some country."""
    if chance.random() < 0.2:
        region = chance.choice(sorted(phonenumbers.SUPPORTED_REGIONS))
        example = phonenumbers.example_number_for_type(region, chance.randrange(4))
        if example is not None:
            return phonenumbers.format_number(example, chance.randrange(4))
    made: list[str] = []
    for char in chance.choice(_SHAPES):
        if char == "9" and chance.random() < 0.9:
            char = chance.choice("0123456789")
        elif char == "A":
            char = chance.choice("ABCDEFGHJKLMNPRSTVWXYZ")
        made.append(char)
    if chance.random() < 0.1:
        made.insert(chance.randrange(len(made)), chance.choice(" -./١５x"))
    return "".join(made)


def odd_texts(count: int, seed: int = 7) -> Iterator[str]:
    """Each some lines of words and such numbers."""
    chance = random.Random(seed)
    for _ in range(count):
        pieces = [
            number_like(chance) if chance.random() < 0.45 else chance.choice(_WORDS)
            for _ in range(chance.randint(1, 60))
        ]
        yield "".join(piece + chance.choice(("", " ", " ", " ", ", ", "\n")) for piece in pieces)
