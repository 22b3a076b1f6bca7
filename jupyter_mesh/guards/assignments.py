"""Passwords and keys by the name they are given: `password = "…"`, `API_KEY: …`, `--token …`.

Names are found by plain search; from each, a bounded number of characters is read on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .secret_checks import entropy
from .span import Span

_PASSWORD_WORDS = ("password", "passwd", "passphrase", "passwort", "pwd")
_SHORT_WORDS = ("pass", "pw")
"""Of passwords, too, but only where they stand for themselves: not in `bypass`, `pass_rate`."""
_KEY_WORDS = (
    "secret",
    "token",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "access-key",
    "accesskey",
    "account_key",
    "accountkey",
    "private_key",
    "auth_key",
)
_REST_OF_NAME = re.compile(r"[\w-]{0,24}+")
_ABOUT_IT = re.compile(
    r"[\w-]*(?:id|name|file|path|url|uri|count|type|length|limit|field|hash|policy|reset|label|endpoint"
    r"|expiry|expires|ttl|budget|class|provider|store|manager|format|header|env|var)s?",
    re.IGNORECASE,
)
"""`token_url`, `secret_name`: what follows describes a secret and is none."""

_SIGN = re.compile(
    r"[\"']?\]?\s{0,8}+(?::\s{0,3}+str\s{0,3}+=|:=|=>|=(?!=)|:(?!:)|is\s)\s{0,8}+",
    re.IGNORECASE,
)
_FLAG = re.compile(r"--[\w-]{0,24}+\Z")
_AFTER_FLAG = re.compile(r"[ \t]{1,3}+(?!-)")
_QUOTED = re.compile(r"[rbf]{0,2}([\"'`])((?>(?:(?!\1)[^\\\n]|\\.){4,256}))\1", re.IGNORECASE)
_BARE = re.compile(r"(?>(?:[^\s\"'`,;&<>(){}\[\]]|&(?![\w.-]{1,32}=)){6,256})(?![(\[])")

_PLACEHOLDER = re.compile(
    r"[x*.…\-_]+|<.*>|%.*%|\{.*\}|\[.*\]"
    r"|\$(?:\D*|[{(].*|\d{1,2}|(?-i:[A-Z_][A-Z0-9_]*))"
    r"|(?:your|my|the|some|example|sample|dummy|placeholder|changeme|replace|insert|enter|todo|none|null"
    r"|true|false|undefined|required|optional|string|redacted|hidden|env:|file:|store:|https?:|/)"
    r"(?![a-z0-9]|[^\s\w.,:;/<>()\[\]{}-](?=.*\d)).*"
    r"|.*(?:environ|getenv|getpass|config\.|settings\.|process\.env).*",
    re.IGNORECASE | re.DOTALL,
)


class _Value(NamedTuple):
    start: int
    end: int
    quoted: bool


def find_assigned_secrets(text: str) -> Iterator[Span]:
    """PASSWORD and API_KEY: what follows a telling name, unless it stands for a value only."""
    lowered = _lower(text)
    done = 0
    for start, word in sorted(_named(lowered)):
        end = start + len(word)
        if start < done or _goes_on(text, end):
            continue
        value = _value_after(text, start, end)
        if value is None:
            continue
        if word in _SHORT_WORDS and not _is_meant(text, start, end, value):
            continue
        entity = "API_KEY" if word in _KEY_WORDS else "PASSWORD"
        if _is_secret(text[value.start : value.end], entity, quoted=value.quoted):
            done = value.end
            yield Span(value.start, value.end, entity, 0.8)


def _lower(text: str) -> str:
    """`text` in small letters, of the same length."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def _named(lowered: str) -> Iterator[tuple[int, str]]:
    for word in (*_PASSWORD_WORDS, *_SHORT_WORDS, *_KEY_WORDS):
        start = lowered.find(word)
        while start >= 0:
            yield start, word
            start = lowered.find(word, start + len(word))


def _goes_on(text: str, end: int) -> bool:
    """Whether the word is only the beginning of another: `tokenizer`, `tokens`, `SECRETARY`."""
    last, following = text[end - 1], text[end : end + 1]
    return following.isalpha() and following.islower() == last.islower()


def _is_meant(text: str, start: int, end: int, value: _Value) -> bool:
    """Whether a short word names what follows as a password: `DB_PASS=…`, `"pass": "…"`, `pw: …`;
    `PASS: test_1` and `low_pass = filter_2` do not.
    """
    before, said = text[start - 1 : start], text[value.start : value.end]
    is_camel = before.islower() and text[start].isupper()
    if before.isalnum() and not is_camel:
        return False
    between = text[end : value.start]
    if not _SHORT_SIGN.match(between):
        return False
    is_joined = is_camel or before in ("_", "-")
    is_key = "=" in between or between[:1] in ('"', "'")
    if text[start:end].lower() == "pass" and not (is_joined or is_key):
        return False
    if not value.quoted and " " in between and "=" in between and _IDENTIFIER.fullmatch(said):
        return False
    return any(map(str.isdigit, said)) and any(map(str.isalpha, said))


_SHORT_SIGN = re.compile(r"\d{0,3}[^\w-]")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.]*")


def _value_after(text: str, start: int, end: int) -> _Value | None:
    rest = _REST_OF_NAME.match(text, end)
    if rest is None or (rest[0] and _ABOUT_IT.fullmatch(rest[0])):
        return None
    sign = _SIGN.match(text, rest.end())
    if sign is None and _FLAG.search(text, max(0, start - 26), start):
        sign = _AFTER_FLAG.match(text, rest.end())
    if sign is None:
        return None
    if quoted := _QUOTED.match(text, sign.end()):
        return _Value(quoted.start(2), quoted.end(2), True)
    if bare := _BARE.match(text, sign.end()):
        stop = bare.end() - 1 if text[bare.end() - 1] in ".:!?" else bare.end()
        return _Value(bare.start(), stop, False)
    return None


def _is_secret(value: str, entity: str, *, quoted: bool) -> bool:
    if _PLACEHOLDER.fullmatch(value):
        return False
    digits = any(map(str.isdigit, value))
    letters = any(map(str.isalpha, value))
    if entity == "API_KEY":
        random = digits and letters and " " not in value and entropy(value) >= 3.0
        return len(value) >= 12 and random
    if quoted:
        return True
    marks = any(not char.isalnum() and char not in "_.-/" for char in value)
    return letters and (digits or marks)
