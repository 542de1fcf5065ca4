"""Decides how many places are opened, and at which recruiter.

A run opens at most as many places as there are free seats, plus the author's over-recruitment: open places,
and participants who have arrived and have no seat yet, count as taken. The count of opened places is part of
the run's state, whose version each opening raises: ten concurrent completions open their places one after the
other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chalicelib.access.rights import Right
from chalicelib.errors import Busy
from chalicelib.immutable import immutable
from chalicelib.messages import CloseRecruitment, OpenPlaces
from chalicelib.model.network import Network
from chalicelib.model.record import iso
from chalicelib.model.run_records import Recruitment
from chalicelib.operations.shared.access import require_right
from chalicelib.operations.shared.context import Context
from chalicelib.ports import RecruitmentResult

from . import budget, listings
from .headcount import headcount
from .quotas import recruiters_in_use, split_among_recruiters

RECRUIT, CLOSE = "recruit", "close"


@immutable()
class RecruitmentPlan:
    """The places that a request for participants opens."""

    requested: int
    #: How many places are opened, by recruiter.
    places: dict[str, int]
    #: How many there are seats for, and how many of those the hard cap allows.
    seats: int
    affordable: int

    @property
    def opened(self) -> int:
        """How many places are opened in all."""
        return sum(self.places.values())


def apply_requests(ctx: Context, requests: Iterable[tuple[str, int]]) -> None:
    """Apply the recruitment requests of hooks, in order."""
    for what, n in requests:
        if what == CLOSE:
            close_places(ctx)
        else:
            open_places(ctx, n)


def open_places(ctx: Context, n: int) -> None:
    """Decide how many of n places to open at which recruiter, and open them after the commit.

    Places may open again after recruitment was closed automatically, to replace a participant who failed.
    With `auto_recruit` off, or when the operator has closed recruitment, none open.
    """
    if ctx.settings.auto_recruit and not ctx.uow.state.get("closed_by_operator"):
        _apply(ctx, plan_recruitment(ctx, n))


def open_places_by_operator(ctx: Context, n: int, *, ignore_free_seats: bool = False) -> RecruitmentPlan:
    """Open places on the operator's order, even with `auto_recruit` off or after closing.

    `ignore_free_seats`: even when no seat is free for them. The hard cap always applies.
    """
    require_right(ctx, Right.RECRUIT)
    ctx.uow.state.pop("closed_by_operator", None)
    plan = plan_recruitment(ctx, n, ignore_free_seats=ignore_free_seats)
    _apply(ctx, plan)
    return plan


def plan_recruitment(ctx: Context, n: int, *, ignore_free_seats: bool = False) -> RecruitmentPlan:
    """Return the places that a request for n would open; changes nothing."""
    seats = n if ignore_free_seats else free_places(ctx, n)
    allowed = budget.affordable(ctx, seats)
    requested: dict[str, int] = ctx.uow.state.get("asked", {})
    return RecruitmentPlan(n, split_among_recruiters(ctx, allowed, requested), seats, allowed)


def free_places(ctx: Context, n: int) -> int:
    """Return how many of n places there are seats for.

    Participants are counted before seats, so a participant who gets a seat in between counts twice, not
    never.
    """
    now = headcount(ctx)
    networks = ctx.uow.networks()
    if not networks:
        return n
    free = sum(network.open_places if ctx.experiment.gating else _room(network) for network in networks)
    return max(0, min(n, free + ctx.experiment.over_recruitment - now.pending - now.unassigned))


def _room(network: Network) -> int:
    return network.max_size - network.n_alive if network.has_room else 0


def _apply(ctx: Context, plan: RecruitmentPlan) -> None:
    if plan.affordable < plan.seats:
        names = " and ".join(recruiters_in_use(ctx))
        budget.notify_hard_cap_reached(ctx, names, plan.seats - plan.affordable)
    for name, count in plan.places.items():
        _open(ctx, name, count)
    if plan.places:
        budget.warn_if_over_soft_cap(ctx)


def _open(ctx: Context, name: str, count: int) -> None:
    state = ctx.uow.state
    state.pop("closed", None)
    # Participants who arrived unasked don't fill the places of this opening.
    state["opened"] = max(int(state.get("opened", 0)), headcount(ctx).arrived) + count
    requested = state.setdefault("asked", {})
    requested[name] = requested.get(name, 0) + count
    budget.record_batch_size(ctx, count)
    ctx.uow.save(Recruitment(recruiter=name, event_type=RECRUIT, n=count))
    # A count of its own: closed places are subtracted from "opened", and a token must never be reused.
    state["openings"] = int(state.get("openings", 0)) + 1
    token = opening_token(ctx, state["openings"])
    ctx.uow.post(OpenPlaces(name, count, token, recruiter_state_of(ctx, name)))


def opening_token(ctx: Context, number: int) -> str:
    """Return the token of the run's n-th opening, with which a recruiter opens its places once."""
    return f"{ctx.app_id}-open-{number}"


def record_reopened_place(ctx: Context) -> None:
    """Count a place that its recruiter itself offers to another worker."""
    state = ctx.uow.state
    state["opened"] = max(int(state.get("opened", 0)), headcount(ctx).arrived) + 1


def withdraw_places(ctx: Context, recruiter: str, count: int) -> int:
    """Withdraw places that can no longer be taken; return how many of them were still free."""
    state = ctx.uow.state
    arrived = headcount(ctx).arrived
    withdrawn = min(count, max(0, int(state.get("opened", 0)) - arrived))
    state["opened"] = max(int(state.get("opened", 0)), arrived) - withdrawn
    requested = state.setdefault("asked", {})
    requested[recruiter] = max(0, requested.get(recruiter, 0) - withdrawn)
    return withdrawn


def close_places(ctx: Context) -> None:
    """Close recruitment at every recruiter in use; idempotent."""
    state = ctx.uow.state
    if state.get("closed"):
        return
    state["closed"] = iso(ctx.now)
    # The free places end with this and don't hold seats any more.
    state["opened"] = headcount(ctx).arrived
    for name in recruiters_in_use(ctx):
        ctx.uow.save(Recruitment(recruiter=name, event_type=CLOSE))
        ctx.uow.post(CloseRecruitment(name))


def is_closed(ctx: Context) -> bool:
    """Whether recruitment is closed."""
    return bool(ctx.uow.state.get("closed"))


def close_places_by_operator(ctx: Context) -> bool:
    """Close recruitment until the operator opens it again; return whether it was open."""
    require_right(ctx, Right.RECRUIT)
    was_open = not is_closed(ctx)
    ctx.uow.state["closed_by_operator"] = True
    close_places(ctx)
    return was_open


def recruiter_state_of(ctx: Context, recruiter: str) -> dict[str, Any]:
    """Return the state that a recruiter stored for its next call."""
    states: dict[str, Any] = ctx.uow.state.get("recruiters", {})
    return dict(states.get(recruiter, {}))


def store_recruiter_state(
    ctx: Context, recruiter: str, recruited: RecruitmentResult, seen: dict[str, Any]
) -> None:
    """Store a recruiter's state for its next call; `seen`: the state that it received this time.

    Busy, so that the message is retried, when another message has stored a new state meanwhile: the
    recruiter's calls are idempotent by their token, and the retry returns a state that covers both.
    """
    if recruiter_state_of(ctx, recruiter) != seen:
        raise Busy(f"Another message to {recruiter} was carried out at the same time; this one is retried.")
    if recruited.recruiter_state:
        ctx.uow.state.setdefault("recruiters", {})[recruiter] = recruited.recruiter_state
    for hit_id, ends in recruited.ends.items():
        listings.record_end_time(ctx, recruiter, hit_id, ends)
    for hit_id in recruited.ended:
        listings.record_ended(ctx, hit_id)
