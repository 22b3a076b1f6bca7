"""How answers are sealed that lie outside the gateway: they may hold what nobody else may read."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import orjson

from ..errors import ConfigError, StoreUnavailable
from ..schemas.json import JsonObject
from ..schemas.spend import Usage
from ..spi.cache import CacheEntry
from .secrets import Secrets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_log = logging.getLogger("jupyter_mesh")
_SECRET = "cache.sealing-key"
_KEY_BYTES = 32
_NONCE_BYTES = 12


class CacheSeal:
    """Names and seals entries under a key that all gateways of a store have.

    Args:
        key: Gives the key as it is now, hexadecimal.
    """

    def __init__(self, key: Callable[[], str]) -> None:
        self._key = key

    def name(self, text: str) -> str:
        """What stands for `text` where others may look: the same in every gateway."""
        return hmac.new(_keys(self._key())[0], text.encode(), hashlib.sha256).hexdigest()

    def seal(self, member: str, entry: CacheEntry) -> bytes | None:
        """`entry`, readable only under its own name; None where it is not JSON."""
        fields = {
            "body": entry.body,
            "model": entry.model,
            "usage": asdict(entry.usage),
            "cost": None if entry.cost is None else str(entry.cost),
            "created": entry.created,
            "owner": entry.owner,
        }
        try:
            plain = orjson.dumps(fields)
        except TypeError:  # what does not fit into JSON cannot be replayed
            return None
        return self.seal_bytes(member, plain)

    def open(self, member: str, sealed: bytes) -> CacheEntry | None:
        """What was sealed under this name; None where it was not, or under another key."""
        plain = self.open_bytes(member, sealed)
        if plain is None:
            return None
        fields = orjson.loads(plain)
        return CacheEntry(
            body=cast(JsonObject, fields["body"]),
            model=fields["model"],
            usage=Usage(**fields["usage"]),
            cost=None if fields["cost"] is None else Decimal(fields["cost"]),
            created=fields["created"],
            owner=fields["owner"],
        )

    def seal_bytes(self, name: str, plain: bytes) -> bytes:
        """`plain`, to be opened under the same name only."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + _keys(self._key())[1].encrypt(nonce, plain, name.encode())

    def open_bytes(self, name: str, sealed: bytes) -> bytes | None:
        """The inverse; None where it was sealed under another name or key, or is damaged."""
        from cryptography.exceptions import InvalidTag

        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return _keys(self._key())[1].decrypt(nonce, rest, name.encode())
        except (InvalidTag, ValueError):
            return None


def key_in(secrets: Secrets) -> Callable[[], str]:
    """The key that lies sealed in the store; made when there is none.

    It is asked for again with each use, since two gateways that start at once may each have made
    one: the later one counts, for both.

    Raises:
        ConfigError: What seals it in the store is not usable.
    """
    reference = f"store:{_SECRET}"
    try:
        try:
            secrets.resolve(reference)
        except ConfigError:
            secrets.set(_SECRET, os.urandom(_KEY_BYTES).hex())
    except StoreUnavailable as error:
        _log.warning("Nothing is kept in the cache until the store can be read: %s", error)
    return lambda: secrets.resolve(reference)


@lru_cache(maxsize=4)
def _keys(key: str) -> tuple[bytes, AESGCM]:
    """For names, and for what they stand for."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    secret = bytes.fromhex(key)
    names, values = (
        hmac.new(secret, purpose, hashlib.sha256).digest() for purpose in (b"names", b"values")
    )
    return names, AESGCM(values)
