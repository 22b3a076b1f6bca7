"""Keys and tokens whose makers gave them a form of their own.

Each shape has a literal part that is looked for first, a border on its left and a bounded length:
the time is linear in the text.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .span import Span


def _always(_: str) -> bool:
    return True


def _looks_random(token: str) -> bool:
    """Whether a token is made by a machine: digits among the letters, and much variety."""
    return any(map(str.isdigit, token)) and any(map(str.isalpha, token)) and entropy(token) >= 3.0


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(
        count / len(text) * math.log2(count / len(text)) for count in Counter(text).values()
    )


class _Shape(NamedTuple):
    """`mark` and then one of `literals` must be in a text before it is worth a search."""

    mark: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    entity: str = "API_KEY"
    plausible: Callable[[str], bool] = _always


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9_-])" + pattern)


_SHAPES = (
    # OpenAI, Anthropic, OpenRouter, DeepSeek and others
    _Shape("-", ("sk-",), _shape(r"sk-[A-Za-z0-9_-]{20,300}"), plausible=_looks_random),
    _Shape(  # xAI, NVIDIA, Perplexity, Cerebras
        "-",
        ("xai-", "nvapi-", "pplx-", "csk-"),
        _shape(r"(?:xai|nvapi|pplx|csk)-[A-Za-z0-9_-]{20,128}"),
        plausible=_looks_random,
    ),
    _Shape(  # Groq, Hugging Face, Together
        "_",
        ("gsk_", "hf_", "tgp_v1_"),
        _shape(r"(?:gsk_|hf_|tgp_v1_)[A-Za-z0-9_-]{20,128}"),
        plausible=_looks_random,
    ),
    _Shape(  # Stripe
        "_",
        ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"),
        _shape(r"(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,128}"),
    ),
    _Shape("_", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), _shape(r"gh[pousr]_[A-Za-z0-9]{36,251}")),
    _Shape("_", ("github_pat_",), _shape(r"github_pat_[A-Za-z0-9_]{36,251}")),
    _Shape("_", ("npm_",), _shape(r"npm_[A-Za-z0-9]{36}")),
    _Shape("-", ("glpat-",), _shape(r"glpat-[A-Za-z0-9_-]{20,64}")),
    _Shape("-", ("pypi-",), _shape(r"pypi-[A-Za-z0-9_-]{50,250}")),
    _Shape(  # Slack
        "-",
        ("xox", "xapp-"),
        _shape(r"(?:xox[abeoprs]-|xapp-\d-)[A-Za-z0-9-]{10,200}"),
        plausible=_looks_random,
    ),
    _Shape("A", ("AKIA", "ASIA"), _shape(r"A(?:KI|SI)A[A-Z2-7]{16}(?![A-Za-z0-9])")),  # AWS
    _Shape("AIza", ("",), _shape(r"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")),  # Google
    _Shape("SG.", ("",), _shape(r"SG\.[\w-]{16,32}\.[\w-]{16,64}")),  # SendGrid
    _Shape("dapi", ("",), _shape(r"dapi[0-9a-f]{32}(?:-\d)?")),  # Databricks
    _Shape(  # RFC 7519: three parts in base64url, the first two of them JSON objects
        "eyJ",
        ("",),
        _shape(r"eyJ[\w-]{8,2000}+\.eyJ[\w-]{8,4000}+\.[\w-]{8,2000}+"),
        "JWT",
    ),
)


_MARKS = frozenset(shape.mark for shape in _SHAPES)


def find_known_keys(text: str) -> Iterator[Span]:
    """API_KEY and JWT: tokens that show whose they are."""
    marks = {mark: mark in text for mark in _MARKS}
    for mark, literals, pattern, entity, plausible in _SHAPES:
        if marks[mark] and any(literal in text for literal in literals):
            for match in pattern.finditer(text):
                if plausible(match[0]):
                    yield Span(*match.span(), entity, 0.95)


_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_BASE64_LINES = re.compile(r"(?>(?:(?>(?:\s|\\[nr]){1,4})[A-Za-z0-9+/=]{16,100}+){0,300})")
_END = "-----END"
_LONGEST_KEY = 20_000


def find_private_keys(text: str) -> Iterator[Span]:
    """PRIVATE_KEY: a PEM block (RFC 7468) or what there is of one, line ends escaped or not."""
    begin = text.find("-----BEGIN")
    while begin >= 0:
        match = _BEGIN.match(text, begin)
        if match is None:
            begin = text.find("-----BEGIN", begin + 10)
            continue
        end = text.find(_END, match.end(), match.end() + _LONGEST_KEY)
        if end >= 0:
            stop = text.find("-----", end + len(_END), end + 100)
            end = stop + 5 if stop >= 0 else end + len(_END)
        else:
            body = _BASE64_LINES.match(text, match.end())
            end = body.end() if body else match.end()
        yield Span(begin, end, "PRIVATE_KEY", 1.0)
        begin = text.find("-----BEGIN", end)
