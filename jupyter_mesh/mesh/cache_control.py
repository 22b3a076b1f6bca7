"""Forgetting answers that are kept: one's own, and everybody's for admins."""

from __future__ import annotations

from datetime import UTC, datetime

from ..errors import NotPermitted
from ..schemas.admin import Purged
from ..schemas.principal import Principal, Scope
from ..spi.faults import fault_point
from ..storage.acts import Act
from .parts import Parts


class CacheControl:
    """Handed out by `Mesh.cache`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def purge(self, principal: Principal, *, model: str | None, user: str | None) -> Purged:
        """Forget what `model` answered and `user` asked, also what is kept for retries; None: any.
        Who is no admin means themselves. It is on record before it is done.

        Raises:
            NotPermitted: The answers are somebody else's.
            StoreUnavailable: It cannot be recorded, and nothing was forgotten; or Redis does not
                answer, and nothing is known to be forgotten.
        """
        if not principal.may(Scope.ADMIN):
            if user not in (None, principal.user):
                raise NotPermitted("Only an admin may have answers to somebody else forgotten.")
            user = principal.user
        act = Act(
            at=datetime.now(UTC),
            by=principal.user,
            via=principal.via,
            act="purge_cache",
            subject=user or "",
            details={"model": model, "everybody": user is None},
        )
        await self._parts.journal.note_act(act)
        fault_point("cache.before_purge")
        state = self._parts.state
        await state.similar.purge(model=model, owner=user)
        count = await state.cache.purge(model=model, owner=user)
        fault_point("cache.after_purge")
        return Purged(forgotten=count)
