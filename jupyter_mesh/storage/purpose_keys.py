"""Keys for different purposes, all derived from one that lies sealed in the store."""

from __future__ import annotations

import hashlib
import hmac
import os

from ..errors import ConfigError
from .secrets import Secrets

_SECRET = "guards.key"
_KEY_BYTES = 32


class PurposeKeys:
    """Keyed hashes that outlive a restart and are the same in every gateway need such a key.

    Args:
        secrets: Where the one key lies; made when a key is asked for the first time.
    """

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def key(self, purpose: str) -> bytes:
        """32 bytes for `purpose`; of keys for other purposes it tells nothing.

        Raises:
            ConfigError: There is no usable key to seal with.
            StoreUnavailable: The store cannot be read.
        """
        root = bytes.fromhex(self._root())
        return hmac.new(root, purpose.encode(), hashlib.sha256).digest()

    def _root(self) -> str:
        reference = f"store:{_SECRET}"
        try:
            return self._secrets.resolve(reference)
        except ConfigError:
            # Two gateways may each make one at once: the later one counts, for both.
            self._secrets.set(_SECRET, os.urandom(_KEY_BYTES).hex())
            return self._secrets.resolve(reference)
