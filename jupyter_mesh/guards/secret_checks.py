"""Whether a token is what it looks like: by its randomness, and by the checksum some carry."""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections import Counter

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = 6
SURE, LIKELY, DOUBTFUL = 1.0, 0.95, 0.5


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(
        count / len(text) * math.log2(count / len(text)) for count in Counter(text).values()
    )


def always(_: str) -> float:
    """For forms that nothing else has."""
    return LIKELY


def random(token: str) -> float:
    """For prefixes that words may have too: digits among the letters, and much variety."""
    made = any(map(str.isdigit, token)) and any(map(str.isalpha, token)) and entropy(token) >= 3.0
    return LIKELY if made else 0.0


def github_checksum(token: str) -> float:
    """Sure where the last six characters are the checksum of the others, doubtful where they are
    not: tokens of that length have carried one since 2021, and a copy with a slip opens nothing.
    """
    body = token.rpartition("_")[2]
    if len(body) != 36:
        return LIKELY
    rest, found = zlib.crc32(body[:-_CHECKSUM].encode()), ""
    while rest:
        rest, digit = divmod(rest, 62)
        found = _BASE62[digit] + found
    return SURE if found.rjust(_CHECKSUM, "0") == body[-_CHECKSUM:] else DOUBTFUL


_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def bech32_checksum(token: str) -> float:
    """Sure where the checksum of BIP 173 is right, as in the keys of age; otherwise it is none."""
    prefix, _, data = token.lower().rpartition("1")
    values = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    values += [_BECH32.find(char) for char in data]
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for place, generator in enumerate(_GENERATORS):
            check ^= generator if top >> place & 1 else 0
    return SURE if check == 1 else 0.0


def basic_credentials(token: str) -> float:
    """Sure where base64 hides a name, a colon and a password (RFC 7617)."""
    try:
        user, colon, password = base64.b64decode(token, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return 0.0
    return SURE if colon and password and (user + password).isascii() else 0.0


def aws_secret(token: str) -> float:
    """For 40 characters that stand near a key id: no hash in hexadecimal, no path."""
    mixed = any(map(str.islower, token)) and any(map(str.isupper, token))
    return LIKELY if mixed and any(map(str.isdigit, token)) and entropy(token) >= 4.0 else 0.0
