"""Forgetting answers that are kept: one's own, and everybody's for admins."""

from __future__ import annotations

from ..errors import NotPermitted
from ..schemas.admin import Purged
from ..schemas.principal import Principal, Scope
from .parts import Parts


class CacheControl:
    """Handed out by `Mesh.cache`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def purge(self, principal: Principal, *, model: str | None, user: str | None) -> Purged:
        """Forget what `model` answered and `user` asked, also what is kept for retries; None: any.
        Who is no admin means themselves. It is recorded like a change of what is configured.

        Raises:
            NotPermitted: The answers are somebody else's.
            StoreUnavailable: Nothing is known to be forgotten.
        """
        if not principal.may(Scope.ADMIN):
            if user not in (None, principal.user):
                raise NotPermitted("Only an admin may have answers to somebody else forgotten.")
            user = principal.user
        state = self._parts.state
        await state.similar.purge(model=model, owner=user)
        count = await state.cache.purge(model=model, owner=user)
        of = [f"{name} {one}" for name, one in (("model", model), ("user", user)) if one]
        await self._parts.governance.note(
            principal, "cache", ", ".join(of) or "everything", {"forgotten": count}
        )
        return Purged(forgotten=count)
