"""What each budget window holds for a call, and what of it others pay."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import field
from datetime import datetime
from decimal import Decimal

from ..errors import BudgetExceeded
from ..schemas.audit import Hold
from ..schemas.frozen import frozen
from ..schemas.policy import BudgetRule
from ..schemas.raises import raised
from ..schemas.request import Request
from ..schemas.spend import Price
from .bound import cost_bound
from .call import Call, Reservation, Window
from .judging import tries
from .price import settled
from .scopes import caller, reaches, shares
from .snapshot import Candidate
from .windows import window_of


@frozen
class Need:
    """What one budget may have to pay for a call.

    Attributes:
        rule: The budget.
        window: Of it, the one that pays.
        candidates: Those it covers.
        assumed: Of candidates without a price; None: they are let pass.
    """

    rule: BudgetRule
    window: Window
    candidates: tuple[Candidate, ...]
    assumed: Price | None = None
    _asked: Request | None = field(default=None, init=False, repr=False, compare=False)
    _most: Decimal | None = field(default=None, init=False, repr=False, compare=False)
    """What `_asked` may cost at most."""

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
        if self._asked is not call.request:
            costs = self._costs(call, None)
            known = [cost for cost in costs if cost is not None]
            most = max(known, default=Decimal(0)) if len(known) == len(costs) else None
            object.__setattr__(self, "_most", most)
            object.__setattr__(self, "_asked", call.request)
        return self._most

    def _costs(self, call: Call, longest: int | None) -> list[Decimal | None]:
        costs = [
            cost_bound(call.request, call.input_bound, one.facts, price, longest)
            for one in self.candidates
            if (price := one.facts.price or self.assumed) is not None
        ]
        if (times := tries(call)) > 1:
            return [None if cost is None else cost * times for cost in costs]
        return costs


@frozen
class _Payer:
    """A share of a budget that pays for some candidates of a caller, whatever is asked of them."""

    rule: BudgetRule
    share: str
    budget: str
    candidates: tuple[Candidate, ...]
    assumed: Price | None


def needs_of(call: Call) -> list[Need]:
    """The budget windows that may have to pay for a call.

    Raises:
        BudgetExceeded: A candidate's price is unknown and the budget refuses such models.
    """
    models = tuple([one.id for one in call.candidates])
    key = ("payers", caller(call.principal), call.groups, models)
    return [
        Need(
            _in_force(call, one.rule, one.share),
            (one.budget, window_of(one.rule, call.started_at)[0]),
            one.candidates,
            one.assumed,
        )
        for one in call.snapshot.once(key, lambda: _payers(call))
    ]


def _payers(call: Call) -> tuple[_Payer, ...]:
    payers: list[_Payer] = []
    covered: set[str] = set()
    for rule in sorted(call.snapshot.budgets, key=lambda rule: rule.fallback):
        keys = shares(rule.scope, call.principal, call.groups)
        reached = tuple(
            one
            for one in call.candidates
            if reaches(rule.scope, one) and not (rule.fallback and one.id in covered)
        )
        if not keys or not reached:
            continue
        if not rule.fallback:
            covered.update(one.id for one in reached)
        assumed = _assumed(call, rule, reached)
        payers += [_Payer(rule, key, budget_key(rule, key), reached, assumed) for key in keys]
    return tuple(payers)


def _in_force(call: Call, rule: BudgetRule, share: str) -> BudgetRule:
    raises = call.snapshot.raises
    return raised(rule, share, raises, call.started_at)[0] if raises else rule


def _assumed(call: Call, rule: BudgetRule, candidates: Sequence[Candidate]) -> Price | None:
    """What candidates without a price are taken to cost; None where all have one, or may pass.

    Raises:
        BudgetExceeded: The budget refuses them, or nothing says what they may cost.
    """
    unpriced = [one.id for one in candidates if one.facts.price is None]
    if not unpriced or rule.unknown_price == "allow":
        return None
    assumed = call.snapshot.dearest if rule.unknown_price == "maximum" else None
    if assumed is None:
        title = rule.name or "this budget"
        why = (
            f"{title} takes no model without one"
            if rule.unknown_price == "refuse"
            else f"no other model has one by which {title} could reckon"
        )
        raise BudgetExceeded(
            f"The price of {unpriced[0]} is unknown, and {why}; ask an admin to enter its price."
        )
    return assumed


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
    if start.year < 1970:  # a rolling one begins anew at every moment
        return f"{title} ({window})"
    return f"{title} ({window} from {start:%Y-%m-%d %H:%M} UTC)"


def reserve(call: Call, needs: Sequence[Need], *, whole: bool) -> None:
    """Set what the call reserves when it is opened.

    An answer that comes whole cannot be topped up while it is written, so all it may cost is held
    against hard budgets; of one that streams, what it may cost at first. A call made for another
    claims what it can of that one's reservation and holds only the rest.
    """
    amounts: dict[Window, Decimal] = {}
    for need in needs:
        most = need.most(call) if (whole and need.hard) or need.assumed else None
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
            title=need.title,
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
    charged = charges(call)
    for window, reserved in call.reserved.items():
        if not reserved.claimed:
            continue
        nested = reserved.own + reserved.claimed - reserved.room
        used = max(Decimal(0), nested + charged[window] - reserved.own)
        if reserved.claimed > used:
            call.parent.reserved[window].room += reserved.claimed - used


def charges(call: Call) -> dict[Window, Decimal]:
    """USD that each window pays which the call has reserved something in, if it ends now."""
    _, cost = settled(call)
    free, kept = uncharged(call), kept_holds(call)
    return {
        window: Decimal(0) if window[0] in free else kept.get(window[0], cost or Decimal(0))
        for window in call.reserved
    }


def kept_holds(call: Call) -> dict[str, Decimal]:
    """USD by budgets that are charged what they reserved, since nobody knows the price of what
    answered.
    """
    if settled(call)[1] is not None:
        return {}
    taken = {
        f"{rule.ledger_name}|" for rule in call.snapshot.budgets if rule.unknown_price == "maximum"
    }
    return {
        budget: reserved.own + reserved.claimed
        for (budget, _), reserved in call.reserved.items()
        if f"{budget.rpartition('|')[0]}|" in taken
    }


def uncharged(call: Call) -> tuple[str, ...]:
    """Budgets that do not cover what really answered, by connection or model, or because they are
    for what no other budget covers: released, not charged.
    """
    candidate = call.candidate
    if candidate is None:
        return ()
    return tuple(
        [
            budget_key(rule, key)
            for rule in call.snapshot.partial_budgets
            if not _pays(rule, candidate, call)
            for key in shares(rule.scope, call.principal, call.groups)
        ]
    )


def _pays(rule: BudgetRule, candidate: Candidate, call: Call) -> bool:
    if not reaches(rule.scope, candidate):
        return False
    return not rule.fallback or not any(
        reaches(other.scope, candidate) and shares(other.scope, call.principal, call.groups)
        for other in call.snapshot.budgets
        if not other.fallback
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
