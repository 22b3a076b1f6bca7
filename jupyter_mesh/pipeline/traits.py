"""What two questions must have in common, however alike they sound: numbers, negations, names that
were redacted. "Q1 2024" and "Q1 2025" lie nearer to each other than most rewordings.
"""

from __future__ import annotations

import re
import unicodedata

_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_PLACEHOLDER = re.compile(r"\[[A-Z][A-Z_]*_\d+\]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NEGATIONS = frozenset(
    {
        "no", "not", "none", "never", "nobody", "nothing", "nowhere", "neither", "nor", "cannot",
        "without", "except", "unless", "kein", "keine", "keinen", "keinem", "keiner", "nicht",
        "nie", "niemals", "niemand", "nichts", "ohne", "außer", "weder", "ne", "pas", "jamais",
        "aucun", "aucune", "sans", "sauf", "rien", "nunca", "ningún", "ninguno", "ninguna", "nada",
        "sin", "salvo", "non", "mai", "nessun", "nessuno", "nessuna", "senza", "niente", "niet",
        "geen", "nooit", "zonder",
    }
)  # fmt: skip
_NUMBER_WORDS = frozenset(
    {
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty",
        "ninety", "hundred", "thousand", "million", "billion", "first", "second", "third", "fourth",
        "fifth", "half", "double", "twice", "eins", "zwei", "drei", "vier", "fünf", "sechs",
        "sieben", "acht", "neun", "zehn", "zwölf", "hundert", "tausend", "deux", "trois", "quatre",
        "cinq", "sept", "huit", "neuf", "dix", "cent", "mille", "dos", "tres", "cuatro", "cinco",
        "siete", "ocho", "nueve", "diez", "cien", "mil",
    }
)  # fmt: skip


def traits_of(text: str) -> str:
    """Numbers, number words and placeholders in their order, and how often something is negated."""
    plain = unicodedata.normalize("NFKC", text)
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(plain)]
    negated = sum(word in _NEGATIONS or word.endswith("n't") for word in words)
    return " ".join(
        [
            *_PLACEHOLDER.findall(plain),
            *_NUMBER.findall(plain),
            *(word for word in words if word in _NUMBER_WORDS),
            f"not*{negated}",
        ]
    )
