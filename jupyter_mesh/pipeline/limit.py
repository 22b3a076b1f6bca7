"""Requests, tokens and parallel calls per share of a limit. Waits a little before it refuses.

Limits of users, groups and keys hold for a call, in the step; those of a connection or model for
each try, in Route. Fails closed: where nobody can count, no call is let through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing

from ..errors import LimitExceeded
from ..schemas.events import Events
from ..schemas.policy import LimitRule
from ..schemas.principal import Principal
from ..spi.limits import Left, Limits, Share
from .call import Call
from .price import metered_so_far, settled
from .scopes import caller, reaches, shares
from .snapshot import Candidate, Snapshot
from .step import Next, Step


class Limit(Step):
    """Holds the `limits` rules of users, groups and keys. Nested calls use their parent's slot."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def __call__(self, call: Call, next: Next) -> Events:
        if call.parent is None:
            applying = shares_of(call.snapshot, call.principal, call.groups)
            if applying:
                call.at_end.append(await _enter(self._limits, call, applying))
        return await next(call)


class CandidateLimits:
    """Holds the `limits` rules of connections and models, for each try of each call."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def around(self, call: Call, candidate: Candidate, begin: Callable[[], Events]) -> Events:
        """The events of a try of `candidate`.

        Raises:
            LimitExceeded: One has no room for longer than its rule waits; nothing was sent to it.
            LimitsUnavailable: Nobody knows whether there is room.
        """
        applying = _once(
            [
                _share(call, rule, f"{key}|{_apart(rule, candidate)}")
                for rule in call.snapshot.limits
                if (rule.scope.connection or rule.scope.model) and reaches(rule.scope, candidate)
                for key in shares(rule.scope, call.principal, call.groups)
            ]
        )
        return _limited(self._limits, call, applying, begin) if applying else begin()


def shares_of(
    snapshot: Snapshot, principal: Principal, groups: frozenset[str]
) -> tuple[Share, ...]:
    """The shares of users, groups, applications and keys that every call of a caller falls under,
    whatever it asks of which model.
    """
    if not snapshot.limits:
        return ()

    def found() -> tuple[Share, ...]:
        return _once(
            [
                Share(f"{rule.share_name}|{key}", rule)
                for rule in snapshot.limits
                if not (rule.scope.connection or rule.scope.model)
                for key in shares(rule.scope, principal, groups)
            ]
        )

    return snapshot.once(("limits", caller(principal), groups), found)


def name_limits(refused: LimitExceeded, applying: Sequence[Share]) -> None:
    """Say which limits it may have been."""
    refused.limit = " or ".join(map(_title, applying))


def _once(applying: Iterable[Share]) -> tuple[Share, ...]:
    """A rule that is written twice is one rule."""
    return tuple({share.name: share for share in applying}.values())


async def _limited(
    limits: Limits, call: Call, applying: Sequence[Share], begin: Callable[[], Events]
) -> Events:
    """The events of `begin`, once every share has room for them."""
    leave = await _enter(limits, call, applying)
    try:
        async with aclosing(begin()) as events:
            async for event in events:
                yield event
    finally:
        leave()


async def _enter(limits: Limits, call: Call, applying: Sequence[Share]) -> Callable[[], None]:
    """Take what the call needs of every share; returns what gives it back."""
    before = metered_so_far(call).usage.total
    try:
        grant = await limits.take(applying, call.input_bound)
    except LimitExceeded as refused:
        name_limits(refused, applying)
        raise
    slots = {share.name for share in applying if share.slot}
    call.slots |= slots
    _tell(call, grant.left)

    def leave() -> None:
        call.slots -= slots
        # What was taken of tokens was a bound; from here on it is what the call has used since it
        # entered, as far as anybody knows.
        used = 0 if call.report.cache == "hit" else settled(call)[0].total - before
        grant.end(max(0, used))

    return leave


def _share(call: Call, rule: LimitRule, key: str) -> Share:
    name = f"{rule.share_name}|{key}"
    return Share(name, rule, not _has_slot(call.parent, name))


def _title(share: Share) -> str:
    """What people call it, such as `user=ada` or `nightly jobs (application=reports)`."""
    key = share.name.removeprefix(f"{share.rule.share_name}|")
    who = key.partition("|")[0] or "everyone"
    return f"{share.rule.name} ({who})" if share.rule.name else who


def _has_slot(call: Call | None, share: str) -> bool:
    """Whether a call, or one it is made for, has a slot of `share`: a further one might never come
    free.
    """
    while call is not None:
        if share in call.slots:
            return True
        call = call.parent
    return False


def _apart(rule: LimitRule, candidate: Candidate) -> str:
    """`*` gives each connection or model a share apart; a name or pattern gives one to all."""
    connection = candidate.facts.connection if rule.scope.connection == "*" else ""
    return f"{connection}|{candidate.id if rule.scope.model == '*' else ''}"


def _tell(call: Call, left: Iterable[Left]) -> None:
    """Tell the client what is left where it is least."""
    for one in left:
        rule = one.share.rule
        for what, limit, rest in (
            ("Requests", rule.requests_per_minute, one.requests),
            ("Tokens", rule.tokens_per_minute, one.tokens),
        ):
            if limit is None or rest is None:
                continue
            headers, whole = call.report.limits, max(0, int(rest))
            if whole <= int(headers.get(f"X-RateLimit-Remaining-{what}", whole)):
                headers[f"X-RateLimit-Limit-{what}"] = str(limit)
                headers[f"X-RateLimit-Remaining-{what}"] = str(whole)
