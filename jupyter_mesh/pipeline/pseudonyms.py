"""Invented values of the same kind, always the same for the same value of the same caller."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from random import Random

_TRIES = 50
_WORD = re.compile(r"\w+")
_FIRST = (
    "Alma", "Anton", "Berta", "Boris", "Carla", "Cedric", "Dora", "Dylan", "Edda", "Emil",
    "Fiona", "Felix", "Greta", "Gavin", "Hilda", "Hugo", "Ines", "Ivan", "Jana", "Jonas",
    "Kira", "Kaspar", "Lena", "Levin", "Mara", "Milo", "Nora", "Nils", "Olga", "Oskar",
    "Petra", "Paul", "Rosa", "Ruben", "Selma", "Simon", "Tilda", "Theo", "Ulla", "Urban",
    "Vera", "Viktor", "Wanda", "Wilm", "Yara", "Yannick", "Zita", "Zeno",
)  # fmt: skip
_LAST = (
    "Ahlborn", "Abbeville", "Brockway", "Castelli", "Dunmore", "Elmstone", "Fairlie",
    "Gormley", "Hartnell", "Ingersby", "Jessop", "Kestrel", "Lindqvist", "Marlowe", "Nordeck",
    "Oakhurst", "Pemberly", "Quarles", "Rosendahl", "Stavely", "Thornbury", "Umland",
    "Velden", "Whitlock", "Xanten", "Yardley", "Zellner", "Ashcombe", "Birkholm", "Corwin",
    "Delacourt", "Eastlake", "Fenwick", "Greywater", "Holloway", "Ivers", "Kirkwall",
    "Lockridge", "Merriden", "Norwick", "Ostler", "Pellham", "Ravensby", "Silverton",
    "Tremaine", "Upshaw", "Varley", "Winslade",
)  # fmt: skip
_PLACE = ("wick", "bury", "ham", "stad", "ford", "mouth", "dale", "holm")
_COMPANY = ("Systems", "Holdings", "Partners", "Industries", "Logistics", "Trading")

Maker = Callable[[Random, str], str]


class Pseudonyms:
    """Those of one call.

    Args:
        key: What they are made with: who does not have it cannot tell what one stands for.
        caller: Whose call it is; others get other values.
        texts: What is sent: a value in there is not invented.
    """

    def __init__(self, key: bytes, caller: str, texts: Iterable[str]) -> None:
        self._key = key
        self._caller = caller
        self._texts = texts
        self._words: set[str] | None = None
        self._known: dict[tuple[str, str], str] = {}
        self._given: set[str] = set()

    def of(self, entity: str, value: str, *, for_good: bool = False) -> str | None:
        """What stands for `value`; None where nothing can be invented that is not in use.

        What is replaced for good may be in the texts: they come from an answer that had it.
        """
        known = self._known.get((entity, value))
        if known is not None:
            return known
        maker = _MAKERS.get(entity, _of_the_same_shape)
        for attempt in range(_TRIES):
            made = maker(self._random(entity, value, attempt), value)
            if made not in self._given and made != value and (for_good or self._is_new(made)):
                self._known[entity, value] = made
                self._given.add(made)
                return made
        return None

    def _random(self, entity: str, value: str, attempt: int) -> Random:
        said = "\0".join((self._caller, entity, value, str(attempt)))
        return Random(hmac.digest(self._key, said.encode(errors="surrogatepass"), "sha256"))

    def _is_new(self, made: str) -> bool:
        if self._words is None:
            self._words = {word for text in self._texts for word in _WORD.findall(text)}
        return any(word not in self._words for word in _WORD.findall(made))


def _person(random: Random, value: str) -> str:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    made = first if len(value.split()) == 1 else f"{first} {last}"
    return made.upper() if value.isupper() else made


def _address_of_mail(random: Random, value: str) -> str:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    return f"{first}.{last}{random.randrange(10, 100)}@example.com".lower()


def _place(random: Random, value: str) -> str:
    return random.choice(_LAST).rstrip("aeiouy") + random.choice(_PLACE)


def _street(random: Random, value: str) -> str:
    return f"{random.randrange(1, 200)} {random.choice(_LAST)} Road"


def _company(random: Random, value: str) -> str:
    return f"{random.choice(_LAST)} {random.choice(_COMPANY)}"


def _url(random: Random, value: str) -> str:
    scheme, found, _ = value.partition("://")
    name = f"{random.choice(_LAST)}{random.randrange(10, 10_000)}".lower()
    return f"{scheme if found else 'https'}://{name}.example.com/"


def _ip(random: Random, value: str) -> str:
    if ":" in value:
        return f"2001:db8::{random.randrange(1, 2**16):x}:{random.randrange(1, 2**16):x}"
    return f"198.{random.randrange(18, 20)}.{random.randrange(256)}.{random.randrange(1, 255)}"


def _date(random: Random, value: str) -> str:
    def number(match: re.Match[str]) -> str:
        width = len(match[0])
        if width == 4:
            return str(max(1000, int(match[0]) + random.randint(-9, 9)))
        return str(random.randint(1, 12)).zfill(width)

    return re.sub(r"[0-9]+", number, value)


def _card(random: Random, value: str) -> str:
    """Valid by its check digit, in a range that is for tests."""
    digits = [one for one in value if one.isdigit()]
    made = "400000" + "".join(random.choices("0123456789", k=max(0, len(digits) - 7)))
    return _written_like(value, made[: len(digits) - 1] + _luhn(made[: len(digits) - 1]))


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)


def _iban(random: Random, value: str) -> str:
    """Of the same country, valid by its check digits."""
    plain = "".join(one for one in value if one.isalnum()).upper()
    country, account = plain[:2], _of_the_same_shape(random, plain[4:])
    numbers = "".join(str(int(one, 36)) for one in f"{account}{country}00")
    return _written_like(value, f"{country}{98 - int(numbers) % 97:02}{account}")


def _written_like(value: str, letters: str) -> str:
    """`letters` with the blanks and marks of `value`."""
    following = iter(letters)
    return "".join(next(following, "") if one.isalnum() else one for one in value)


def _of_the_same_shape(random: Random, value: str) -> str:
    """Digits for digits and letters for letters; other marks than the usual become dashes."""
    letters = {one for one in value if one.isalpha()}
    lower, upper = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    if letters and letters <= {*"abcdefABCDEF"}:
        lower, upper = lower[:6], upper[:6]

    def instead(one: str) -> str:
        if one.isdigit():
            return random.choice("0123456789")
        if one.isalpha():
            return random.choice(upper if one.isupper() else lower)
        return one if one in " .,:;/+-_=()#" else "-"

    return "".join(map(instead, value))


_MAKERS: Mapping[str, Maker] = {
    "PERSON": _person,
    "EMAIL_ADDRESS": _address_of_mail,
    "LOCATION": _place,
    "CITY": _place,
    "GPE": _place,
    "ADDRESS": _street,
    "STREET_ADDRESS": _street,
    "ORGANIZATION": _company,
    "URL": _url,
    "IP_ADDRESS": _ip,
    "DATE_TIME": _date,
    "DATE_OF_BIRTH": _date,
    "CREDIT_CARD": _card,
    "IBAN_CODE": _iban,
}
