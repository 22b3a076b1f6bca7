"""What signing in to the gateway's own site needs of the mesh: good keys, and one secret."""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime

from ..config import key_hash
from ..errors import ConfigError
from ..schemas.principal import Principal
from .key_holders import KeyHolder
from .parts import Parts

_KEY = "site.session-key"


class SignedIn:
    """Handed out by `Mesh.signed_in`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def key_hash(self, secret: str) -> str | None:
        """By what an API key of a person is known; None for any other text, and for a key that has
        expired.
        """
        hashed = key_hash(secret)
        return hashed if self.principal(hashed) is not None else None

    def principal(self, hashed: str) -> Principal | None:
        """Which person's key that is now; None when nobody's, or when it has expired."""
        holder = self.bearer(hashed)
        accounts = self._parts.governance.config.service_accounts
        return None if holder is None or holder.user in accounts else holder

    def bearer(self, hashed: str) -> Principal | None:
        """Whose key that is now, a program's too; None when nobody's, or when it has expired."""
        holder = self.holder(hashed)
        return None if holder is None else holder.principal

    def holder(self, hashed: str) -> KeyHolder | None:
        """The same with what its key says."""
        holder = self._parts.key_holders.get(hashed)
        if holder is None or not hmac.compare_digest(holder.rule.hash, hashed):
            return None
        if holder.expires is not None and holder.expires <= datetime.now(UTC):
            return None
        return holder

    def is_program(self, user: str) -> bool:
        """Whether a service account is called so."""
        return user in self._parts.governance.config.service_accounts

    def sealing_key(self) -> bytes:
        """32 bytes for the cookies of sessions; made when they are first asked for, and sealed in
        the store, so that every gateway over it has the same.

        Raises:
            StoreUnavailable: The store cannot be read, or the key not be kept.
        """
        try:
            return bytes.fromhex(self._parts.secrets.resolve(f"store:{_KEY}"))
        except ConfigError:
            made = secrets.token_bytes(32)
            self._parts.secrets.set(_KEY, made.hex())
            return made
