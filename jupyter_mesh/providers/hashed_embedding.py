"""Vectors of texts without a model: every word hashed into a place.

The method: Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning".
Texts that share words lie close together, so a search over them behaves plausibly; it knows no
meaning.
"""

from __future__ import annotations

import base64
import math
import re
from array import array
from hashlib import blake2b

_WORDS = re.compile(r"\w+")


def hashed_embedding(text: str, dimensions: int) -> list[float]:
    """A vector of length 1; the same for the same text on every machine."""
    vector = [0.0] * dimensions
    for word in _WORDS.findall(text.casefold()) or [text]:
        digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        vector[number % dimensions] += 1.0 if number >> 63 else -1.0
    norm = math.sqrt(sum(value * value for value in vector))
    if not norm:  # words that cancel out
        return [1.0, *[0.0] * (dimensions - 1)]
    return [value / norm for value in vector]


def as_base64(vector: list[float]) -> str:
    """The vector as OpenAI's `encoding_format: base64` has it: 32-bit floats, little-endian."""
    values = array("f", vector)
    if values.itemsize != 4:
        raise RuntimeError("this platform has no 32-bit float")
    if array("H", [1]).tobytes() == b"\x00\x01":
        values.byteswap()
    return base64.b64encode(values.tobytes()).decode("ascii")
