"""Calculates the payments and fees of a simulation, and compares them to the caps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from chalicelib.currency import currency_of, format_money
from chalicelib.model.run_records import BASE, BONUS, SCREEN_OUT, visit_of
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
            sessions=_cents(one.sessions * by),
            sessions_at_most=None if one.sessions_at_most is None else _cents(one.sessions_at_most * by),
            fees=_cents(one.fees * by),
            fees_at_most=None if one.fees_at_most is None else _cents(one.fees_at_most * by),
        )


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def money_of(app: App, course: RunTrace, outcome: Outcome) -> SimulatedPay:
    """Add up the payments, and the fees that the recruiters charge for them."""
    bonuses = outcome.payments.get(BONUS, [])
    base, screen_outs = outcome.payments.get(BASE, []), outcome.payments.get(SCREEN_OUT, [])
    session_pay = [pay for some in outcome.session_pay.values() for pay in some]
    sessions = sum((sum(some, ZERO) for kind, some in outcome.payments.items() if visit_of(kind)), ZERO)
    most = _largest_bonus(app, has_bonuses=bool(bonuses) or sessions > sum(session_pay, ZERO))
    by = sorted(outcome.paid_through)
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
            fees_at_most=None if most is None else _fees_at_most(app, course, outcome, most),
            recruiters=tuple(by),
            sessions=sessions,
            sessions_at_most=None if most is None else sum((pay + most for pay in session_pay), ZERO),
        )
    )


def _largest_bonus(app: App, *, has_bonuses: bool) -> Decimal | None:
    """Return the largest bonus of a session; None: unlimited.

    Where max_bonus isn't set and no bot got a bonus, the experiment is assumed to pay none.
    """
    limit = app.config.get("max_bonus")
    if limit is not None:
        return Decimal(str(limit))
    return None if has_bonuses else ZERO


def _fees_at_most(app: App, course: RunTrace, outcome: Outcome, most: Decimal) -> Decimal:
    by = sorted(outcome.paid_through)
    dearest = max((_fee(app, name, [most], course) for name in by), default=ZERO)
    others = sum((_fee(app, name, _amounts_at_most(outcome, name, most), course) for name in by), ZERO)
    return others + dearest * len(outcome.payments.get(BASE, []))


def _amounts(outcome: Outcome, recruiter: str) -> list[Decimal]:
    return [amount for _, amount in outcome.paid_through[recruiter]]


def _amounts_at_most(outcome: Outcome, recruiter: str, most: Decimal) -> list[Decimal]:
    """Return a recruiter's payments: without the first session's bonus, and with this one in each other."""
    paid = outcome.paid_through[recruiter]
    first = [amount for kind, amount in paid if kind != BONUS and visit_of(kind) is None]
    return [*first, *(pay + most for pay in outcome.session_pay.get(recruiter, []))]


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
