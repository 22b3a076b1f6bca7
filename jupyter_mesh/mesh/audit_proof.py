"""Proving that the record was not altered: checks, and checkpoints that are signed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson

from ..errors import ConfigError, InvalidRequest
from ..schemas.audit_proof import AuditCheck, AuditFault, AuditVerdict, ChainHead, Checkpoint
from ..storage.chain_check import Fault, Head
from ..storage.history import SqlHistory
from ..storage.secrets import Secrets

_KEY = "audit.signing-key"


class AuditProof:
    """Handed out by `Mesh.audit`; the routes see to it that only auditors get here."""

    def __init__(self, history: SqlHistory, secrets: Secrets) -> None:
        self._history = history
        self._secrets = secrets

    async def verify(self, asked: AuditCheck) -> AuditVerdict:
        """Check every record, and that the chains still hold what a checkpoint knows.

        Raises:
            InvalidRequest: The checkpoint is not signed by the key it should be.
            StoreUnavailable: The store cannot be read.
        """
        known: list[Head] = []
        if asked.checkpoint is not None:
            _check_signature(asked.checkpoint, asked.public_key)
            known = [
                Head(one.writer, one.number, bytes.fromhex(one.hash))
                for one in asked.checkpoint.heads
            ]
        found = await self._history.check(known)
        fault = found.fault
        return AuditVerdict(
            ok=fault is None,
            entries=found.entries,
            unsealed=found.unsealed,
            heads=_shown(found.heads),
            fault=None if fault is None else _shown_fault(fault),
        )

    async def checkpoint(self) -> Checkpoint:
        """Where every chain ends now, signed. The first one makes the key, sealed in the store.

        Raises:
            StoreUnavailable: The store cannot be read, or the key not be kept.
        """
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        key = Ed25519PrivateKey.from_private_bytes(
            bytes.fromhex(await asyncio.to_thread(self._signing_key))
        )
        heads = _shown(await self._history.heads())
        unsigned = Checkpoint(
            made_at=datetime.now(UTC),
            heads=heads,
            public_key=key.public_key().public_bytes_raw().hex(),
            signature="",
        )
        signature = key.sign(_signed_bytes(unsigned)).hex()
        return unsigned.model_copy(update={"signature": signature})

    def _signing_key(self) -> str:
        try:
            return self._secrets.resolve(f"store:{_KEY}")
        except ConfigError:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

            key = Ed25519PrivateKey.generate().private_bytes_raw().hex()
            self._secrets.set(_KEY, key)
            return key


def _shown_fault(fault: Fault) -> AuditFault:
    of_change = fault.kind == "change" and fault.subject.isdigit()
    return AuditFault(
        writer=fault.writer,
        number=fault.number,
        call="" if fault.kind == "change" else fault.subject,
        change=int(fault.subject) if of_change else None,
        reason=fault.reason,
    )


def _shown(heads: Sequence[Head]) -> list[ChainHead]:
    return [ChainHead(writer=one.writer, number=one.number, hash=one.hash.hex()) for one in heads]


def _signed_bytes(checkpoint: Checkpoint) -> bytes:
    """Everything but the signature, keys in order."""
    body = checkpoint.model_dump(mode="json", exclude={"signature"})
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)


def _check_signature(checkpoint: Checkpoint, expected: str | None) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if expected is not None and expected.lower() != checkpoint.public_key.lower():
        raise InvalidRequest(
            "The checkpoint is signed with another key than the one you named.", param="public_key"
        )
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(checkpoint.public_key))
        key.verify(bytes.fromhex(checkpoint.signature), _signed_bytes(checkpoint))
        for head in checkpoint.heads:
            bytes.fromhex(head.hash)
    except (InvalidSignature, ValueError):
        raise InvalidRequest(
            "The checkpoint was changed: its signature does not fit.", param="checkpoint"
        ) from None
