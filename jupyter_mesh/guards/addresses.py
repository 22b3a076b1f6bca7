"""Addresses of people and machines: e-mail, IP, MAC, and credentials inside URLs.

Every finder looks first for a character that must be there, and takes a bounded number of steps
from each one it finds: its time is linear in the text, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from .span import Span

_LONGEST_LOCAL_PART = 64
_LOCAL_MARKS = frozenset("!#$%&'*+-/=?^_`{|}~.")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]{0,62})\.){1,8}[^\W\d_][\w-]{1,62}")


def find_email_addresses(text: str) -> Iterator[Span]:
    """EMAIL_ADDRESS: `local@domain.tld`, in any script."""
    at = text.find("@")
    while at >= 0:
        start = at
        floor = max(0, at - _LONGEST_LOCAL_PART)
        while start > floor and (text[start - 1].isalnum() or text[start - 1] in _LOCAL_MARKS):
            start -= 1
        while start < at and text[start] in "./'`=*{|":  # what stands before an address
            start += 1
        domain = _DOMAIN.match(text, at + 1)
        if domain and start < at and text[at - 1] != ".":
            yield Span(start, _without_hyphen(text, domain.end()), "EMAIL_ADDRESS", 1.0)
        at = text.find("@", at + 1)


def _without_hyphen(text: str, end: int) -> int:
    while text[end - 1] in "-_":
        end -= 1
    return end


_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w-]|\.[0-9])")
_IPV6_PART = re.compile(r":[0-9A-Fa-f]{0,4}:")
_IPV6_REST = re.compile(r"[0-9A-Fa-f:]{0,40}(?:[0-9.]{6,15})?(?![\w:])")
_HEX = frozenset("0123456789abcdefABCDEF")
_VERSION = re.compile(r"(?:\bv|version|release|==|>=|~=)\s{0,2}\Z", re.IGNORECASE)


def find_ip_addresses(text: str) -> Iterator[Span]:
    """IP_ADDRESS: IPv4 and IPv6, but not loopback, unspecified addresses or version numbers."""
    if text.count(".") >= 3:
        for match in _IPV4.finditer(text):
            start = match.start()
            joined = start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_.-")
            if joined or _VERSION.search(text, max(0, start - 10), start):
                continue
            if _is_somebodys(match[0]):
                yield Span(start, match.end(), "IP_ADDRESS", 0.95)
    if text.count(":") >= 2:
        yield from _find_ipv6(text)


def _find_ipv6(text: str) -> Iterator[Span]:
    done = 0
    for part in _IPV6_PART.finditer(text):
        start = part.start()
        if start < done:
            continue
        floor = max(done, start - 4)
        while start > floor and text[start - 1] in _HEX:
            start -= 1
        rest = _IPV6_REST.match(text, part.start())
        if rest is None or (start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_:.")):
            continue
        done = rest.end()
        candidate = text[start:done]
        groups = [group for group in candidate.split(":") if group]
        telling = len(groups) >= 3 or any(len(group) == 4 for group in groups)
        if telling and _is_somebodys(candidate):
            yield Span(start, done, "IP_ADDRESS", 0.95)


def _is_somebodys(candidate: str) -> bool:
    try:
        address = ip_address(candidate)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or address.is_multicast)


_MACS = (
    (":", 5, re.compile(r":(?:[0-9A-Fa-f]{2}:){4}[0-9A-Fa-f]{2}(?![\w:-])"), 2),
    ("-", 5, re.compile(r"-(?:[0-9A-Fa-f]{2}-){4}[0-9A-Fa-f]{2}(?![\w:-])"), 2),
    (".", 2, re.compile(r"\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![\w.])"), 4),
)


def find_mac_addresses(text: str) -> Iterator[Span]:
    """MAC_ADDRESS: six pairs of hexadecimal digits, or three groups of four with a letter."""
    for mark, least, pattern, width in _MACS:
        if text.count(mark) < least:
            continue
        for match in pattern.finditer(text):
            start = match.start() - width
            head = text[max(0, start) : match.start()]
            before = text[max(0, start - 1) : max(0, start)]
            if len(head) < width or not _HEX.issuperset(head):
                continue
            if before and (before.isalnum() or before in "_:-."):
                continue
            if width == 2 or not text[start : match.end()].replace(".", "").isdigit():
                yield Span(start, match.end(), "MAC_ADDRESS", 0.9)


_USER_INFO = re.compile(r"[^\s/@?#\"'<>]{1,256}+@(?=[\w\[])")
_TELLING_TOKEN = 20


def find_url_credentials(text: str) -> Iterator[Span]:
    """URL_CREDENTIALS: `user:password` or a long token between `://` and `@`."""
    start = text.find("://")
    while start >= 0:
        match = _USER_INFO.match(text, start + 3)
        if match:
            user, colon, password = match[0][:-1].partition(":")
            if password if colon else len(user) >= _TELLING_TOKEN:
                yield Span(match.start(), match.end() - 1, "URL_CREDENTIALS", 0.95)
        start = text.find("://", start + 3)
