"""Calculates the payments and fees of a simulation, and compares them to the caps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from chalicelib.currency import currency_of, format_money
from chalicelib.model.run_records import BASE, BONUS, SCREEN_OUT
from chalicelib.operations.shared.settings import Settings
from chalicelib.services import App
from infra.simulate.trial import RunTrace
from infra.simulate.trial_outcome import Outcome

from .launch_report import ZERO, Money

CENT = Decimal("0.01")


@dataclass(frozen=True)
class SimulatedPay:
    """The payments of the simulated participants."""

    money: Money

    def times(self, factor: float) -> Money:
        """Return the sums, scaled to a run that is `factor` times as large."""
        if factor == 1.0:
            return self.money
        one, by = self.money, Decimal(str(factor))
        return replace(
            one,
            base=_cents(one.base * by),
            bonuses=_cents(one.bonuses * by),
            bonuses_at_most=None if one.bonuses_at_most is None else _cents(one.bonuses_at_most * by),
            screen_outs=_cents(one.screen_outs * by),
            fees=_cents(one.fees * by),
            fees_at_most=None if one.fees_at_most is None else _cents(one.fees_at_most * by),
        )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def money_of(app: App, course: RunTrace, outcome: Outcome) -> SimulatedPay:
    """Add up the payments, and the fees that the recruiters charge for them."""
    bonuses = outcome.payments.get(BONUS, [])
    base, screen_outs = outcome.payments.get(BASE, []), outcome.payments.get(SCREEN_OUT, [])
    limit = app.config.get("max_bonus")
    most = None if limit is None else Decimal(str(limit))
    by = sorted(outcome.paid_through)
    if limit is None and not bonuses:
        # max_bonus isn't set and no bot got a bonus: assume that the experiment pays none.
        most = ZERO
    fees_at_most = None
    if most is not None:
        dearest = max((_fee(app, name, [most], course) for name in by), default=ZERO)
        fees_at_most = sum(
            (_fee(app, name, _amounts(outcome, name, bonuses=False), course) for name in by), ZERO
        ) + dearest * len(base)
    none_got = bonuses and len(bonuses) < len(base)
    return SimulatedPay(
        Money(
            base=sum(base, ZERO),
            bonuses=sum(bonuses, ZERO),
            bonus_from=ZERO if none_got or not bonuses else min(bonuses),
            bonus_to=max(bonuses, default=ZERO),
            bonuses_at_most=None if most is None else most * len(base),
            screen_outs=sum(screen_outs, ZERO),
            fees=sum((_fee(app, name, _amounts(outcome, name), course) for name in by), ZERO),
            fees_at_most=fees_at_most,
            recruiters=tuple(by),
        )
    )


def _amounts(outcome: Outcome, recruiter: str, *, bonuses: bool = True) -> list[Decimal]:
    paid = outcome.paid_through[recruiter]
    return [amount for kind, amount in paid if bonuses or kind != BONUS]


def _fee(app: App, recruiter: str, amounts: Iterable[Decimal], course: RunTrace) -> Decimal:
    """Return a recruiter's fee; Mechanical Turk charges more for ten or more places at once."""
    found = app.recruiters.named(recruiter)
    return sum((found.fee(amount, course.most_places) for amount in amounts), ZERO)


@dataclass(frozen=True)
class Cap:
    """A cap, and whether the run stays below it."""

    sentence: str
    holds: bool


def caps_of(config: Settings, money: Money) -> dict[str, Cap]:
    """Compare the configured caps with the expected and the maximum amount."""
    found = {}
    for name in ("soft_cap", "hard_cap"):
        if config.get(name) is not None:
            found[name] = _compared(Decimal(str(config.get(name))), money, currency_of(config))
    return found


def _compared(amount: Decimal, money: Money, currency: str) -> Cap:
    cap, expected = format_money(amount, currency), format_money(money.expected, currency)
    if money.expected > amount:
        return Cap(f"{cap} is below the expected {expected}", holds=False)
    if money.at_most is None:
        return Cap(f"{cap} covers the expected amount; bonuses are unlimited", holds=True)
    if money.at_most > amount:
        most = format_money(money.at_most, currency)
        return Cap(f"{cap} covers the expected amount, but not the maximum of {most}", holds=True)
    return Cap(f"{cap} covers the maximum amount", holds=True)
