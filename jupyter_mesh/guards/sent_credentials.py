"""Credentials as they are sent: in headers, in addresses, on command lines, beside their key id."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .addresses import find_url_credentials
from .secret_checks import LIKELY, aws_secret, basic_credentials, random
from .span import Span

_SCHEMES = re.compile(
    r"\b(?:(?P<basic>basic)|bearer|token)[ \t]{1,3}(?P<value>[A-Za-z0-9_.~+/=-]{8,4000}+)",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"authori[sz]ation[\"'`]?\]?\s{0,3}[:=,]\s{0,3}(?:[rbf]{0,2}[\"'`])?", re.IGNORECASE
)
_CURL = re.compile(
    r"(?<![\w-])(?:-u|--user|--proxy-user)[ =]{1,3}[\"']?[\w.@+-]{1,64}:(?P<value>[^\s\"']{3,128}+)"
)
_SIGNATURE = re.compile(r"[?&;]sig=(?P<value>[A-Za-z0-9%+/_-]{40,120}+={0,2})")
_ACCESS_KEY = re.compile(r"(?<![A-Za-z0-9_-])A(?:KI|SI)A[A-Z2-7]{16}(?![A-Za-z0-9])")
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=_-])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])")
_BESIDE = 200
"""Characters around the id of an AWS key in which its secret is looked for."""


def find_sent_credentials(text: str) -> Iterator[Span]:
    """PASSWORD, API_KEY and URL_CREDENTIALS: what stands where credentials are put to be used."""
    if "://" in text:
        yield from find_url_credentials(text)
    for header in _HEADER.finditer(text):
        if match := _SCHEMES.match(text, header.end()):
            yield from _in_header(match)
    if "curl" in text or "wget" in text or "http" in text:
        for match in _CURL.finditer(text):
            if not match["value"].startswith(("$", "<", "{", "*")):
                yield Span(*match.span("value"), "PASSWORD", LIKELY)
    if "sig=" in text:
        for match in _SIGNATURE.finditer(text):
            if random(match["value"]):
                yield Span(*match.span("value"), "API_KEY", LIKELY)
    if "AKIA" in text or "ASIA" in text:
        yield from _aws_secrets(text)


def _in_header(match: re.Match[str]) -> Iterator[Span]:
    value = match["value"]
    if match["basic"]:
        if score := basic_credentials(value):
            yield Span(*match.span("value"), "PASSWORD", score)
    elif len(value) >= 16 and (score := random(value)):
        yield Span(*match.span("value"), "API_KEY", score)


def _aws_secrets(text: str) -> Iterator[Span]:
    done = 0
    for key in _ACCESS_KEY.finditer(text):
        for match in _AWS_SECRET.finditer(
            text, max(done, key.start() - _BESIDE), key.end() + _BESIDE
        ):
            if score := aws_secret(match[0]):
                yield Span(*match.span(), "API_KEY", score)
            done = match.end()
