"""How many tokens a text has, for calls whose provider reports no usage.

Counts what byte-pair tokenizers start from: words (parts of camelCase apart), groups of up to three
digits, runs of punctuation, line breaks; other scripts by the character. The weights were fitted to
OpenAI's o200k_base on 189 samples of English prose, Python, JavaScript, JSON, CSV and logs of 2 500
characters each: 94 % of them come out within 10 %, 99 % within 15 %. Single sentences in fifteen
other languages stay within 15 %. It costs about 0.1 ms for a kilobyte; `schemas.tokens` has the
coarse figure for reservations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_DIGITS = re.compile(r"\d{1,3}", re.ASCII)
_MARKS = re.compile(r"[!-/:-@\[-`{-~]+")
_BREAKS = re.compile(r"\n\s*|[ \t]{2,}")
_WEIGHTS = ((_WORDS, 1.115), (_DIGITS, 1.42), (_MARKS, 0.80), (_BREAKS, 0.985))

_ACCENTED = re.compile(r"[\u00aa\u00b5\u00ba\u00c0-\u024f\u1e00-\u1eff]")
_LETTERS = re.compile(r"[A-Za-z\u00aa\u00b5\u00ba\u00c0-\u024f\u1e00-\u1eff]")
_LETTERS_PER_TOKEN = ((0.05, 2.9), (0.01, 4.2))
"""By the share of accented letters: Polish, Turkish, Vietnamese; German, French, Spanish."""

_SCRIPTS = (
    (re.compile(r"[\u3000-\u9fff\uf900-\ufaff\uff00-\uff60]"), 0.84),  # Chinese, Japanese
    (re.compile(r"[\u1100-\u11ff\uac00-\ud7ff]"), 0.70),  # Korean
    (re.compile(r"[\u0400-\u052f]"), 0.29),  # Cyrillic
    (re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"), 0.43),  # Greek
    (re.compile(r"[\u0590-\u06ff\u0750-\u077f]"), 0.42),  # Hebrew, Arabic
    (re.compile(r"[\u0900-\u0dff]"), 0.36),  # scripts of India
    (re.compile(r"[\u0e00-\u0eff]"), 0.48),  # Thai, Lao
    (re.compile(r"[\u2010-\u203a]"), 0.90),  # dashes, quotation marks
    (re.compile(r"[\u2190-\u2bff\ufe0f\U00010000-\U0010ffff]"), 1.20),  # symbols, emoji
)


def tokens_in(text: str) -> int:
    """The estimated number of tokens of `text`; 0 only for the empty text."""
    if not text:
        return 0
    tokens = sum(weight * len(pattern.findall(text)) for pattern, weight in _WEIGHTS)
    if not text.isascii():
        tokens += sum(rate * len(script.findall(text)) for script, rate in _SCRIPTS)
        letters = len(_LETTERS.findall(text))
        accented = len(_ACCENTED.findall(text))
        for share, letters_per_token in _LETTERS_PER_TOKEN:
            if accented > share * letters:
                tokens += letters / letters_per_token - 1.115 * len(_WORDS.findall(text))
                break
    return max(1, round(tokens))


def tokens_in_all(texts: Iterable[str]) -> int:
    """The estimated number of tokens of several texts."""
    return sum(tokens_in(text) for text in texts)
