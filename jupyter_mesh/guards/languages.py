"""Which languages a text is written in, as far as that decides what personal data looks like.

By the small words that no text of a few sentences does without, and by script.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator

_WORD = re.compile(r"[^\W\d_]+")
_LOOKED_AT = 20_000
"""Characters from the beginning, the middle and the end, in all."""
_LEAST, _SHARE = 3, 0.02
"""How many different words of a language a text must hold, and which part of all its words they
must be.
"""

_SCRIPTS = {"ko": re.compile("[\uac00-\ud7a3]"), "th": re.compile("[\u0e00-\u0e7f]")}
_SMALL_WORDS = {
    "de": "der die das und ist nicht ein eine den dem des von zu mit für auf im ich sie wir ihr "
    "sich auch bei nach aus wie oder wird sind hat haben bitte über meine mein ihre seine steuer",
    "es": "el la los las un una de y que es no se con por para su al lo como más pero sus le ya "
    "está este esta muy mi también son fue ha hay nombre número",
    "fi": "ja on ei se että hän oli mutta ovat myös kun niin tai minun sinun olen mukaan joka "
    "hänen sekä ole tämä puhelin henkilötunnus minä sinä ovat ollut",
    "it": "il lo la gli le di che è e un una non per con del della sono si al nel più come anche "
    "ma questo questa mio mia alla dei codice numero",
    "pl": "i w na nie się jest z do to że o jak ale po co tak za od czy przez dla są jego jej był "
    "mój moja pan pani numer proszę",
    "sv": "och i att det som en på är av för med den till inte om ett han men var jag från vi så "
    "kan när mitt min har hon eller personnummer",
    "tr": "ve bir bu da de için ile ne çok daha gibi var mı olarak ben sen o değil ama kadar benim "
    "numarası kimlik lütfen olan",
}
_SHARED = {
    word
    for word, count in Counter(
        word for words in _SMALL_WORDS.values() for word in set(words.split())
    ).items()
    if count > 1
} | {"a", "an", "as", "by", "he", "in", "is", "it", "me", "no", "of", "on", "so", "to", "we", "die"}
_LANGUAGE_OF = {
    word: language
    for language, words in _SMALL_WORDS.items()
    for word in words.split()
    if word not in _SHARED and len(word) > 1
}

DETECTED = frozenset({"en", *_SMALL_WORDS, *_SCRIPTS})
"""English, which is always among them, and what can be told from it."""


def languages_of(text: str, among: Collection[str]) -> list[str]:
    """English, and those of `among` that `text` is written in besides."""
    sample = _sample(text)
    words = _WORD.findall(sample.lower())
    counts = Counter(_LANGUAGE_OF.get(word, "") for word in words)
    different = Counter(_LANGUAGE_OF.get(word, "") for word in set(words))
    found = {
        language
        for language, count in counts.items()
        if language and different[language] >= _LEAST and count >= _SHARE * len(words)
    }
    found.update(_by_script(sample))
    return ["en", *sorted(found.intersection(among))]


def _by_script(sample: str) -> Iterator[str]:
    for language, script in _SCRIPTS.items():
        if script.search(sample):
            yield language


def _sample(text: str) -> str:
    if len(text) <= _LOOKED_AT:
        return text
    third, middle = _LOOKED_AT // 3, len(text) // 2
    return " ".join((text[:third], text[middle : middle + third], text[-third:]))
