"""The budget: tracks what a run may cost, if `hard_cap` or `soft_cap` is set.

An open place reserves base pay, the largest bonus and the recruiter's fee, until its participant has ended,
and the same for each later session of a study, until it has been paid or can't take place. The hard cap stops
opening places and holds bonuses and the pay of later sessions; base pay that is owed is never withheld. The
soft cap notifies the operator, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from chalicelib.model.participant import Participant
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator

from .headcount import headcount
from .quotas import recruiters_in_use
from .session_pay import pay_of_sessions, pay_to_come

ZERO = Decimal(0)
#: The status of a participant whose final payment is being decided: nothing is reserved for them any more.
FINAL_PAYMENT_DECIDED = "settled"
#: The detail of a participant that says what is reserved for their later sessions.
RESERVED_FOR_SESSIONS = "reserved_for_sessions"


def has_cap(ctx: Context) -> bool:
    """Whether a cap is set."""
    return _cap(ctx, "hard_cap") is not None or _cap(ctx, "soft_cap") is not None


def _cap(ctx: Context, name: str) -> Decimal | None:
    cap = ctx.config.get(name)
    return None if cap is None else Decimal(str(cap))


def _budget_state(ctx: Context) -> dict[str, Any]:
    """Return the budget's state, without storing one."""
    state: dict[str, Any] = ctx.uow.state.get("budget", {"owed": "0"})
    return state


def _update(ctx: Context, **fields: Any) -> None:
    ctx.uow.state["budget"] = {**_budget_state(ctx), **fields}


def owed(ctx: Context) -> Decimal:
    """Return what is owed or paid so far, fees included."""
    return Decimal(_budget_state(ctx)["owed"])


def reserved(
    ctx: Context, participant: Participant | None = None, status: str = FINAL_PAYMENT_DECIDED
) -> Decimal:
    """Return what open places and active participants may still cost.

    `participant` and `status`: a participant whose status this unit of work changes.
    """
    now = headcount(ctx, {participant.id: status} if participant is not None else {})
    unpaid = max(0, now.dismissed_with_pay - int(_budget_state(ctx).get("sent_off", 0)))
    return (
        cost_per_place(ctx) * (now.pending + now.working)
        + (_with_fee(ctx, _dollars(ctx, "max_bonus")) + _cost_of(ctx, pay_of_sessions(ctx))) * now.submitted
        + _for_sessions(ctx)
        + _with_fee(ctx, _dollars(ctx, "base_payment")) * unpaid
    )


def cost_per_place(ctx: Context, places: int = 1) -> Decimal:
    """Return the most that one participant can cost, with the most expensive recruiter in use.

    `places`: how many are opened at a time.
    """
    first = _dollars(ctx, "base_payment")
    return _cost_of(ctx, [first, *pay_of_sessions(ctx)], places)


def _cost_of(ctx: Context, sessions: Iterable[Decimal], places: int = 1) -> Decimal:
    """Return the most that sessions of this pay can cost: each with a bonus and a fee of its own."""
    bonus = _dollars(ctx, "max_bonus")
    return sum((_with_fee(ctx, pay + bonus, places) for pay in sessions), ZERO)


def _for_sessions(ctx: Context) -> Decimal:
    """Return what is reserved for the later sessions of participants whose first submission was approved."""
    return Decimal(_budget_state(ctx).get("sessions", "0"))


def reserve_sessions(ctx: Context, participant: Participant, status: str) -> None:
    """Reserve what the sessions may cost that are still to come for a participant with this status.

    Until the first submission is approved, the participant's place reserves it.
    """
    if not has_cap(ctx) or not pay_of_sessions(ctx):
        return
    is_approved = status == ParticipantStatus.APPROVED
    amount = _cost_of(ctx, pay_to_come(ctx, participant)) if is_approved else ZERO
    before = Decimal(participant.details.get(RESERVED_FOR_SESSIONS, "0"))
    if amount != before:
        participant.details = {**participant.details, RESERVED_FOR_SESSIONS: str(amount)}
        _update(ctx, sessions=str(_for_sessions(ctx) + amount - before))


def cost_with_fee(ctx: Context, recruiter: str, amount: Decimal) -> Decimal:
    """Return a payment plus its recruiter's fee; without a cap, fees aren't tracked."""
    return amount + ctx.recruiters.fee(recruiter, amount, _largest_batch(ctx)) if has_cap(ctx) else amount


def fee_of(ctx: Context, recruiter: str, amount: Decimal) -> Decimal:
    """Return a recruiter's fee for a payment, whether a cap is set or not."""
    return ctx.recruiters.fee(recruiter, amount, _largest_batch(ctx))


def record_batch_size(ctx: Context, places: int) -> None:
    """Record how many places are opened at a time."""
    if places > _largest_batch(ctx):
        ctx.uow.state["most_at_once"] = places


def _largest_batch(ctx: Context) -> int:
    """The largest number of places opened at a time: a recruiter may charge more for many."""
    return int(ctx.uow.state.get("most_at_once", 1))


def _dollars(ctx: Context, key: str) -> Decimal:
    return Decimal(str(ctx.config.get(key) or 0))


def _with_fee(ctx: Context, amount: Decimal, places: int = 1) -> Decimal:
    if not amount:
        return ZERO
    many = max(places, _largest_batch(ctx))
    return amount + max(ctx.recruiters.fee(name, amount, many) for name in recruiters_in_use(ctx))


def affordable(ctx: Context, places: int) -> int:
    """Return how many of these places the hard cap allows."""
    cap, least = _cap(ctx, "hard_cap"), cost_per_place(ctx)
    if cap is None or least <= ZERO:
        return places
    left = cap - owed(ctx) - reserved(ctx)
    # Opening fewer at a time may lower the cost of each.
    most = min(places, int(left // least))
    return next((n for n in range(most, 0, -1) if n * cost_per_place(ctx, n) <= left), 0)


def exceeds_hard_cap(ctx: Context, amount: Decimal, participant: Participant) -> bool:
    """Whether a participant's last payment, added to what is owed and reserved, would exceed the cap."""
    cap = _cap(ctx, "hard_cap")
    return cap is not None and owed(ctx) + reserved(ctx, participant) + amount > cap


def has_no_room_for(ctx: Context, amount: Decimal) -> bool:
    """Whether an amount that nothing reserves would exceed the hard cap."""
    cap = _cap(ctx, "hard_cap")
    return cap is not None and owed(ctx) + reserved(ctx) + amount > cap


def add_to_owed(ctx: Context, amount: Decimal, participant: Participant, *, is_last: bool) -> None:
    """Add to what is owed; `is_last`: this participant will be owed nothing more."""
    if not has_cap(ctx):
        return
    _update(ctx, owed=str(owed(ctx) + amount))
    warn_if_over_soft_cap(ctx, participant, FINAL_PAYMENT_DECIDED if is_last else participant.status)


def record_dismissal_paid(ctx: Context) -> None:
    """Record that a participant who was dismissed early has been paid."""
    if has_cap(ctx):
        _update(ctx, sent_off=int(_budget_state(ctx).get("sent_off", 0)) + 1)


def warn_if_over_soft_cap(
    ctx: Context, participant: Participant | None = None, status: str = FINAL_PAYMENT_DECIDED
) -> None:
    """Notify the operator, once, when the amounts owed and reserved exceed the soft cap."""
    cap = _cap(ctx, "soft_cap")
    if cap is None or _budget_state(ctx).get("told"):
        return
    total = owed(ctx) + reserved(ctx, participant, status)
    if total > cap:
        _update(ctx, told=True)
        notify_operator(
            ctx,
            f"The amounts owed and reserved total {ctx.money(total)} and exceed soft_cap, {ctx.money(cap)}.",
        )


def notify_hard_cap_reached(ctx: Context, name: str, places: int) -> None:
    """Notify the operator, once for each cap, that the hard cap is reached."""
    cap = str(ctx.settings.hard_cap)
    if _budget_state(ctx).get("stopped_at") != cap:
        _update(ctx, stopped_at=cap)
        what = "1 place was" if places == 1 else f"{places} places were"
        notify_operator(
            ctx,
            f"{what} not opened with {name}: hard_cap ({ctx.money(cap)}) is reached. To "
            "continue, raise hard_cap and run: petri recruit",
        )
