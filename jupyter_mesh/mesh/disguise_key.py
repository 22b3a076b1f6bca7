"""The key that hashes and invented values are made with: the same in every gateway of a store."""

from __future__ import annotations

from secrets import token_bytes

from ..errors import ConfigError
from ..storage.secrets import Secrets

_KEY = "screening.disguise-key"


def disguise_key(secrets: Secrets) -> bytes:
    """32 bytes; made when they are first asked for, and sealed in the store.

    Raises:
        StoreUnavailable: The store cannot be read, or the key not be kept.
    """
    try:
        return bytes.fromhex(secrets.resolve(f"store:{_KEY}"))
    except ConfigError:
        made = token_bytes(32)
        secrets.set(_KEY, made.hex())
        return made
