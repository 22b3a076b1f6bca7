"""Who may see which recorded calls."""

from __future__ import annotations

from datetime import UTC, datetime

from ..errors import NotPermitted
from ..pipeline.snapshot import Snapshot
from ..schemas.api import MOST_CALLS, CallDetail, CallPage, CallSummary
from ..schemas.call_search import EVERYBODY, CallSearch, View, Whose
from ..schemas.principal import Principal, Scope
from ..storage.acts import Act
from .parts import Parts
from .text_fate import with_fate


class CallRecords:
    """The record as one caller sees it. What is not theirs is the same as what does not exist."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def page(
        self,
        principal: Principal,
        search: CallSearch,
        *,
        view: View | None,
        before: str | None,
        limit: int,
    ) -> CallPage:
        """Calls that match, newest first.

        Raises:
            NotPermitted: The credential may not see so much.
            InvalidRequest: `before` is not the `next` of a page.
        """
        whose = self.whose(principal, view)
        return await self._parts.history.calls(
            search, whose=whose, before=before, limit=max(1, min(limit, MOST_CALLS))
        )

    async def detail(self, principal: Principal, call_id: str) -> CallDetail:
        """Everything recorded of one call that the caller may see.

        Raises:
            NotFound: There is no such call, or none for this caller.
            StoreUnavailable: It holds what somebody else said, and that it is read cannot be
                recorded.
        """
        detail = await self._parts.history.call(call_id, whose=self._most(principal))
        if detail.summary.user == principal.user:
            return await with_fate(self._parts, detail)
        if principal.may(Scope.AUDIT):
            if detail.request is not None or detail.response is not None:
                await self._parts.journal.note_act(_reading(principal, detail.summary))
            return await with_fate(self._parts, detail)
        return detail.model_copy(update={"request": None, "response": None, "content": "withheld"})

    def whose(self, principal: Principal, view: View | None) -> Whose:
        """The calls of a view; without one everybody's for auditors, else one's own.

        Raises:
            NotPermitted: The credential may not see so much.
        """
        own = Whose(user=principal.user)
        if view is None:
            return EVERYBODY if principal.may(Scope.AUDIT) else own
        if view == "own":
            return own
        if view == "all":
            if _sees_all(principal):
                return EVERYBODY
            raise NotPermitted("Everybody's calls are for auditors and admins; ask for your own.")
        if principal.may(Scope.READ_USAGE) or _sees_all(principal):
            return _team(self._parts.catalogue_keeper.snapshot, principal)
        raise NotPermitted("A team's calls need a credential with the scope `read:usage`.")

    def _most(self, principal: Principal) -> Whose:
        if _sees_all(principal):
            return EVERYBODY
        return self.whose(principal, "team" if principal.may(Scope.READ_USAGE) else "own")


def _reading(principal: Principal, call: CallSummary) -> Act:
    return Act(
        at=datetime.now(UTC),
        by=principal.user,
        via=principal.via,
        act="read_content",
        subject=call.id,
        details={"of": call.user},
    )


def _sees_all(principal: Principal) -> bool:
    return principal.may(Scope.AUDIT) or principal.may(Scope.ADMIN)


def _team(snapshot: Snapshot, principal: Principal) -> Whose:
    """One's own calls, and those of groups one leads, or belongs to where members see them."""
    member_of = snapshot.groups_of(principal)
    handles = {principal.user, *(f"hub:{group}" for group in principal.groups)}
    seen = {
        name
        for name, rule in snapshot.groups.items()
        if not handles.isdisjoint(rule.leads) or (rule.members_see_calls and name in member_of)
    }
    return Whose(user=principal.user, groups=frozenset(seen))
