"""What was done with the record, and destroying what was said."""

from __future__ import annotations

from datetime import UTC, datetime

from ..errors import InvalidRequest
from ..schemas.audit_acts import AuditActs, Erased, Erasure
from ..schemas.principal import Principal
from ..storage.acts import Act
from .parts import Parts


class RecordActs:
    """Handed out by `Mesh.acts`; the routes see to it that only auditors and admins get here."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(
        self, *, subject: str | None, act: str | None, before: int | None, limit: int
    ) -> AuditActs:
        """Who read whose content, exported, erased; newest first."""
        found = await self._parts.history.acts(subject=subject, act=act, before=before, limit=limit)
        more = len(found) == limit
        return AuditActs(acts=found, next=found[-1].number if more else None)

    async def erase(self, principal: Principal, erasure: Erasure) -> Erased:
        """Destroy the keys under which a user's words are kept, then the words. The record of the
        calls stays, and still verifies. Answers in the cache are forgotten too. Other gateways
        drop a key they hold within 2 s.

        Raises:
            InvalidRequest: Neither a user nor everybody is named, or both.
            StoreUnavailable: It cannot be recorded; nothing was destroyed.
        """
        user = erasure.user
        if (user is None) != erasure.everybody:
            raise InvalidRequest(
                "Name the `user` whose content is to be destroyed, or say `everybody`.",
                param="user",
            )
        act = Act(
            at=datetime.now(UTC),
            by=principal.user,
            via=principal.via,
            act="erase",
            subject=user or "",
            details={"everybody": erasure.everybody},
        )
        users = await self._parts.journal.erase(act, user)
        state = self._parts.state
        await state.similar.purge(model=None, owner=user)
        await state.cache.purge(model=None, owner=user)
        return Erased(users=users, calls=await self._parts.history.delete_content(user))
