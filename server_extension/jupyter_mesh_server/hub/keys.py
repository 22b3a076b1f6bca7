"""API keys on a Hub: what somebody made there is worth what they are still worth there.

The Hub is asked, with the service's own token, in which groups the maker is. A key that people made
for themselves opens those of its groups that they are still in, and none once they are gone. One
that an admin made for somebody else keeps what it was given as long as the admin is in all the
groups that they were in then, which is as near as the Hub tells who is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_mesh.errors import IdentityUnavailable
from jupyter_mesh.schemas.principal import Principal, Scope

from .users import HubUsers

if TYPE_CHECKING:
    from jupyter_mesh.mesh.key_holders import KeyHolder

_GOVERNING = frozenset({Scope.ADMIN, Scope.AUDIT})
HolderOf = Callable[[str], "KeyHolder | None"]


class HubKeys:
    """Whose API key is this, and what is it worth now?

    Args:
        holder_of: From a key to what it says; None: it is none.
        users: Of the Hub.
        groups_of: The mesh's groups of a caller.
        is_program: Whether a user is a service account, which the Hub does not know.
    """

    def __init__(
        self,
        holder_of: HolderOf,
        users: HubUsers,
        groups_of: Callable[[Principal], frozenset[str]],
        is_program: Callable[[str], bool],
    ) -> None:
        self._holder_of = holder_of
        self._users = users
        self._groups_of = groups_of
        self._is_program = is_program
        self._known: dict[str, tuple[KeyHolder, Principal]] = {}

    async def __call__(self, secret: str) -> Principal | None:
        """Who brings it; None where it is no key that is good now.

        Raises:
            IdentityUnavailable: The Hub does not say what its maker is, and it is a person's.
        """
        holder = self._holder_of(secret)
        if holder is None or holder.rule.vouched_by is None:
            return None if holder is None else holder.principal
        if not self._is_program(holder.rule.user):
            return await self._now(holder)
        try:
            found = await self._now(holder)
        except IdentityUnavailable:  # programs go on with what was known of their keys
            return self._last(holder)
        if found is not None:
            self._known[holder.rule.name] = holder, found
        return found

    async def _now(self, holder: KeyHolder) -> Principal | None:
        rule, voucher = holder.rule, holder.rule.vouched_by
        assert voucher is not None
        maker = await self._users.find(voucher.user)
        groups = frozenset[str]() if maker is None else maker.groups
        is_worth_it = maker is not None and groups.issuperset(voucher.groups)
        if rule.user == voucher.user:
            if maker is None:
                return None
            mine = self._groups_of(Principal(user=rule.user, groups=groups))
            return _narrowed(holder.principal, mine, governs=is_worth_it)
        if not self._is_program(rule.user) and await self._users.find(rule.user) is None:
            return None
        if is_worth_it:
            return holder.principal
        theirs = self._groups_of(Principal(user=rule.user))
        return _narrowed(holder.principal, theirs, governs=False)

    def _last(self, holder: KeyHolder) -> Principal:
        """What was last known of a key; it never governs what nobody vouches for now."""
        known = self._known.get(holder.rule.name)
        found = known[1] if known is not None and known[0] is holder else holder.principal
        return _narrowed(found, found.groups, governs=False)


def _narrowed(principal: Principal, groups: frozenset[str], *, governs: bool) -> Principal:
    scopes = principal.scopes if governs else principal.scopes - _GOVERNING
    kept = principal.groups & groups
    if kept == principal.groups and scopes == principal.scopes:
        return principal
    return replace(principal, groups=kept, scopes=scopes)
