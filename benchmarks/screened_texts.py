"""Texts and names that screening is measured on: made up, the same in every run."""

from __future__ import annotations

import random

_SYLLABLES = [first + second for first in "bdklmnprst" for second in "aeiou"]
_PROSE = """the contract was sent to our office last week and nobody has answered since then so
please look at the table where every order of the year is listed by month and region with its price
in euro and the name of whoever signed it for the customer"""
_WORDS = _PROSE.split()
_ENTITIES = (
    "card 4111 1111 1111 1111",
    "IBAN DE89 3704 0044 0532 0130 00",
    "call +49 30 901820 or (212) 555-0123",
    "mail {name}@example.com",
    "from 192.168.17.4",
    "SSN 219-09-9999",
    "passport 912803456",
    "see https://shop.example.com/orders/{number}",
    "NHS 943 476 5919",
    "MAC aa:bb:cc:00:11:22",
    "on 2024-01-15 at 12:30",
    'password = "correct horse"',
)


def names(count: int) -> list[str]:
    """So many different names of a given and a family name."""
    chance = random.Random(1)
    found: dict[str, None] = {}
    while len(found) < count:
        parts = ("".join(chance.choices(_SYLLABLES, k=3)).title() for _ in range(2))
        found[" ".join(parts)] = None
    return list(found)


def texts(count: int, length: int, known: list[str]) -> list[str]:
    """So many texts of about so many characters: prose, and an entity or a name every 100 or so."""
    chance = random.Random(2)
    return [_text(chance, length, known) for _ in range(count)]


def _text(chance: random.Random, length: int, known: list[str]) -> str:
    parts: list[str] = []
    size = 0
    while size < length:
        entity = chance.choice(_ENTITIES).format(
            name=chance.choice(_WORDS), number=chance.randrange(10**6)
        )
        prose = " ".join(chance.choices(_WORDS, k=12))
        part = f"{prose}, {chance.choice([entity, chance.choice(known)])}. "
        parts.append(part)
        size += len(part)
    return "".join(parts)[:length]
