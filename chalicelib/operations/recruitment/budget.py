"""The caps: how much a run may cost. Kept only where `hard_cap` or `soft_cap` is set.

An open place reserves base pay, the largest bonus and the recruiter's fee, until its participant has come
to an end. The hard cap stops opening places and holds bonuses; base pay owed is never withheld. The soft
cap tells the operator, once.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from chalicelib.model.participant import Participant
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator

from .headcount import headcount
from .quotas import recruiters_in_use

ZERO = Decimal(0)
#: What somebody counts as whose last payment is being decided on: nothing is reserved for them any more.
FINAL_PAYMENT_DECIDED = "settled"


def has_cap(ctx: Context) -> bool:
    """Whether a cap is set."""
    return _cap(ctx, "hard_cap") is not None or _cap(ctx, "soft_cap") is not None


def _cap(ctx: Context, name: str) -> Decimal | None:
    cap = ctx.config.get(name)
    return None if cap is None else Decimal(str(cap))


def _budget_state(ctx: Context) -> dict[str, Any]:
    """Return the books; looking into them begins none."""
    books: dict[str, Any] = ctx.uow.state.get("budget", {"owed": "0"})
    return books


def _note(ctx: Context, **facts: Any) -> None:
    ctx.uow.state["budget"] = {**_budget_state(ctx), **facts}


def owed(ctx: Context) -> Decimal:
    """What is owed or paid so far, fees included."""
    return Decimal(_budget_state(ctx)["owed"])


def reserved(
    ctx: Context, participant: Participant | None = None, status: str = FINAL_PAYMENT_DECIDED
) -> Decimal:
    """What open places, and people on their way, may still cost.

    `participant` and `status`: what this unit makes of somebody.
    """
    now = headcount(ctx, {participant.id: status} if participant is not None else {})
    unpaid = max(0, now.dismissed_with_pay - int(_budget_state(ctx).get("sent_off", 0)))
    return (
        cost_per_place(ctx) * (now.pending + now.working)
        + _with_fee(ctx, _dollars(ctx, "max_bonus")) * now.submitted
        + _with_fee(ctx, _dollars(ctx, "base_payment")) * unpaid
    )


def cost_per_place(ctx: Context, places: int = 1) -> Decimal:
    """The most that one participant can cost, with the dearest of the recruiters in use.

    `places`: how many are to be opened at a time.
    """
    return _with_fee(ctx, _dollars(ctx, "base_payment") + _dollars(ctx, "max_bonus"), places)


def cost_with_fee(ctx: Context, recruiter: str, amount: Decimal) -> Decimal:
    """A payment and its recruiter's fee; without a cap nobody reckons with fees."""
    return amount + ctx.recruiters.fee(recruiter, amount, _largest_batch(ctx)) if has_cap(ctx) else amount


def record_batch_size(ctx: Context, places: int) -> None:
    """Note that so many places are opened at a time."""
    if places > _largest_batch(ctx):
        ctx.uow.state["most_at_once"] = places


def _largest_batch(ctx: Context) -> int:
    """How many places were opened at a time, at the most: a recruiter may charge more for many."""
    return int(ctx.uow.state.get("most_at_once", 1))


def _dollars(ctx: Context, key: str) -> Decimal:
    return Decimal(str(ctx.config.get(key) or 0))


def _with_fee(ctx: Context, amount: Decimal, places: int = 1) -> Decimal:
    if not amount:
        return ZERO
    many = max(places, _largest_batch(ctx))
    return amount + max(ctx.recruiters.fee(name, amount, many) for name in recruiters_in_use(ctx))


def affordable(ctx: Context, places: int) -> int:
    """How many of so many places the hard cap allows."""
    cap, least = _cap(ctx, "hard_cap"), cost_per_place(ctx)
    if cap is None or least <= ZERO:
        return places
    left = cap - owed(ctx) - reserved(ctx)
    # Fewer at a time may cost less each.
    most = min(places, int(left // least))
    return next((n for n in range(most, 0, -1) if n * cost_per_place(ctx, n) <= left), 0)


def exceeds_hard_cap(ctx: Context, amount: Decimal, participant: Participant) -> bool:
    """Whether a participant's last sum, on top of what is owed and reserved, would be above the hard cap."""
    cap = _cap(ctx, "hard_cap")
    return cap is not None and owed(ctx) + reserved(ctx, participant) + amount > cap


def add_to_owed(ctx: Context, amount: Decimal, participant: Participant, *, is_last: bool) -> None:
    """Add to what is owed; `is_last`: nothing more is to come for this participant."""
    if not has_cap(ctx):
        return
    _note(ctx, owed=str(owed(ctx) + amount))
    warn_if_over_soft_cap(ctx, participant, FINAL_PAYMENT_DECIDED if is_last else participant.status)


def record_dismissal_paid(ctx: Context) -> None:
    """Note that somebody who was sent away early has got what is owed to them."""
    if has_cap(ctx):
        _note(ctx, sent_off=int(_budget_state(ctx).get("sent_off", 0)) + 1)


def warn_if_over_soft_cap(
    ctx: Context, participant: Participant | None = None, status: str = FINAL_PAYMENT_DECIDED
) -> None:
    """Tell the operator, once, when what is owed and reserved is above the soft cap."""
    cap = _cap(ctx, "soft_cap")
    if cap is None or _budget_state(ctx).get("told"):
        return
    total = owed(ctx) + reserved(ctx, participant, status)
    if total > cap:
        _note(ctx, told=True)
        notify_operator(
            ctx, f"What is owed and reserved, {ctx.money(total)}, is above soft_cap, {ctx.money(cap)}."
        )


def notify_hard_cap_reached(ctx: Context, name: str, places: int) -> None:
    """Tell the operator that the hard cap is reached; once for each cap."""
    cap = str(ctx.config.get("hard_cap"))
    if _budget_state(ctx).get("stopped_at") != cap:
        _note(ctx, stopped_at=cap)
        notify_operator(
            ctx,
            f"{places} places were not opened with {name}: hard_cap ({ctx.money(cap)}) is reached. To go "
            "on, raise hard_cap and ask for more with petri recruit.",
        )
