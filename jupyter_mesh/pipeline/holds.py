"""What each budget window holds for a call, and what of it others pay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal

from ..errors import BudgetExceeded
from ..schemas.audit import Hold
from ..schemas.frozen import frozen
from ..schemas.policy import BudgetRule
from .bound import cost_bound
from .call import Call, Reservation, Window
from .price import settled
from .scopes import reaches, shares
from .snapshot import Candidate
from .windows import window_of


@frozen
class Need:
    """What one budget may have to pay for a call.

    Attributes:
        rule: The budget.
        window: Of it, the one that pays.
        candidates: Those it covers that have a price.
    """

    rule: BudgetRule
    window: Window
    candidates: tuple[Candidate, ...]

    @property
    def title(self) -> str:
        """What people call the budget."""
        return self.rule.name or budget_title(self.rule, self.window[0])

    @property
    def subject(self) -> str:
        """What people call this window of it."""
        return window_title(self.title, self.rule.window, self.window[1])

    @property
    def hard(self) -> bool:
        """Whether it refuses what it has no room for."""
        return self.rule.on_limit == "block"

    def first(self, call: Call) -> Decimal:
        """USD to begin with, for a call that can be topped up while it runs."""
        longest = self.rule.reserve_output_tokens
        return max((cost or Decimal(0) for cost in self._costs(call, longest)), default=Decimal(0))

    def most(self, call: Call) -> Decimal | None:
        """USD the whole call may cost; None where nobody bounds its answer."""
        costs = self._costs(call, None)
        known = [cost for cost in costs if cost is not None]
        return max(known, default=Decimal(0)) if len(known) == len(costs) else None

    def _costs(self, call: Call, longest: int | None) -> list[Decimal | None]:
        return [
            cost_bound(call.request, call.input_bound, one.facts, one.facts.price, longest)
            for one in self.candidates
            if one.facts.price is not None
        ]


def needs_of(call: Call) -> list[Need]:
    """The budget windows that may have to pay for a call.

    Raises:
        BudgetExceeded: A candidate's price is unknown and the budget refuses such models.
    """
    needs: list[Need] = []
    for rule in call.snapshot.budgets:
        keys = shares(rule.scope, call.principal, call.groups)
        reached = tuple(one for one in call.candidates if reaches(rule.scope, one))
        if not keys or not reached:
            continue
        _refuse_unpriced(rule, reached)
        start, _ = window_of(rule, call.started_at)
        needs += [Need(rule, (budget_key(rule, key), start), reached) for key in keys]
    return needs


def _refuse_unpriced(rule: BudgetRule, candidates: Sequence[Candidate]) -> None:
    for candidate in candidates:
        if rule.unknown_price == "refuse" and candidate.facts.price is None:
            raise BudgetExceeded(
                f"The price of {candidate.id} is unknown and this budget takes no unpriced "
                "model; ask an admin to enter its price."
            )


def budget_key(rule: BudgetRule, key: str) -> str:
    """A name for one share of a budget that stays the same while its limit is edited."""
    return f"{rule.ledger_name}|{key}"


def budget_title(rule: BudgetRule, key: str) -> str:
    """What people call one share of a budget, such as `user=ada on openai/*`."""
    who = key.rpartition("|")[2].replace("&", ", ") or "everyone"
    what = rule.scope.model or rule.scope.connection
    return f"{who} on {what}" if what else who


def window_title(title: str, window: str, start: datetime) -> str:
    """What people call one window of a budget."""
    return f"{title} ({window} from {start:%Y-%m-%d %H:%M} UTC)"


def reserve(call: Call, needs: Sequence[Need], *, whole: bool) -> None:
    """Set what the call reserves when it is opened.

    An answer that comes whole cannot be topped up while it is written, so all it may cost is held
    against hard budgets; of one that streams, what it may cost at first. A call made for another
    claims what it can of that one's reservation and holds only the rest.
    """
    amounts: dict[Window, Decimal] = {}
    for need in needs:
        most = need.most(call) if whole and need.hard else None
        amount = need.first(call) if most is None else most
        amounts[need.window] = max(amount, amounts.get(need.window, Decimal(0)))
    for need in needs:
        if need.window not in call.reserved:
            amount = amounts[need.window]
            claimed = _claim(call, need.window, amount)
            call.reserved[need.window] = Reservation(
                need.title, amount, claimed, amount - claimed, amount
            )
    call.holds = tuple(
        Hold(
            budget=need.window[0],
            window_start=need.window[1],
            window=need.rule.window,
            limit=need.rule.limit_usd,
            amount=call.reserved[need.window].own,
            hard=need.hard,
        )
        for need in needs
    )


def _claim(call: Call, window: Window, amount: Decimal) -> Decimal:
    """Take up to `amount` of what is left of the reservation of the call this one is made for."""
    if call.parent is None or not call.parent.opened or window not in call.parent.reserved:
        return Decimal(0)
    above = call.parent.reserved[window]
    claimed = max(Decimal(0), min(amount, above.room))
    above.room -= claimed
    return claimed


def give_back(call: Call) -> None:
    """Leave to the call this one was made for what was claimed of its reservation and not used."""
    if call.parent is None:
        return
    _, cost = settled(call)
    free = uncharged(call)
    for window, reserved in call.reserved.items():
        if not reserved.claimed:
            continue
        nested = reserved.own + reserved.claimed - reserved.room
        own_cost = Decimal(0) if window[0] in free else cost or Decimal(0)
        used = max(Decimal(0), nested + own_cost - reserved.own)
        if reserved.claimed > used:
            call.parent.reserved[window].room += reserved.claimed - used


def uncharged(call: Call) -> tuple[str, ...]:
    """Budgets whose connection or model scope does not cover what really answered: released, not
    charged.
    """
    candidate = call.candidate
    if candidate is None:
        return ()
    return tuple(
        budget_key(rule, key)
        for rule in call.snapshot.budgets
        if (rule.scope.connection or rule.scope.model) and not reaches(rule.scope, candidate)
        for key in shares(rule.scope, call.principal, call.groups)
    )


def note_over(call: Call, budgets: Collection[str]) -> None:
    """Tell that budgets that only warn are over their limit with this call."""
    for (budget, _), reserved in call.reserved.items():
        if budget in budgets:
            call.notice(
                "budget_over",
                f"The budget of {reserved.title} is over its limit; it only warns.",
                {"budget": budget},
            )
