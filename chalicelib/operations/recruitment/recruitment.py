"""How many places are opened, and with which recruiter.

Never more than there are free seats open now, plus the author's over-recruitment: places that were
opened and nobody came for yet, and people who came and have no seat yet, count as taken. The count of
places opened is part of the run's state, whose version each opening raises: ten completions at once
open their places one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import Busy
from chalicelib.messages import CloseRecruitment, OpenPlaces
from chalicelib.model.network import Network
from chalicelib.model.record import iso
from chalicelib.model.run_records import Recruitment
from chalicelib.operations.shared.context import Context
from chalicelib.ports import RecruitmentResult

from . import budget, listings
from .headcount import headcount
from .quotas import recruiters_in_use, split_among_recruiters

RECRUIT, CLOSE = "recruit", "close"


@dataclass(frozen=True, slots=True)
class RecruitmentPlan:
    """What asking for places comes to."""

    asked: int
    #: How many places are opened, by recruiter.
    places: dict[str, int]
    #: How many there are seats for, and how many the hard cap allows.
    seats: int
    affordable: int

    @property
    def opened(self) -> int:
        """How many places are opened in all."""
        return sum(self.places.values())


def apply_requests(ctx: Context, requests: Iterable[tuple[str, int]]) -> None:
    """Do what hooks asked of recruiters, in order."""
    for what, n in requests:
        if what == CLOSE:
            close_places(ctx)
        else:
            open_places(ctx, n)


def open_places(ctx: Context, n: int) -> None:
    """Decide how many of n places to open with which recruiter, and have it done after the commit.

    Places may open again after recruitment was closed by itself: somebody failed and is replaced. With
    `auto_recruit` off, or when the operator has closed recruitment, none are.
    """
    if ctx.config.get("auto_recruit", True) and not ctx.uow.state.get("closed_by_operator"):
        _apply(ctx, plan_recruitment(ctx, n))


def open_places_by_operator(ctx: Context, n: int, *, ignore_free_seats: bool = False) -> RecruitmentPlan:
    """Open places at the operator's word, with `auto_recruit` off too, and after closing.

    `ignore_free_seats`: even when no seat is free for them. The hard cap holds in any case.
    """
    ctx.uow.state.pop("closed_by_operator", None)
    opening = plan_recruitment(ctx, n, ignore_free_seats=ignore_free_seats)
    _apply(ctx, opening)
    return opening


def plan_recruitment(ctx: Context, n: int, *, ignore_free_seats: bool = False) -> RecruitmentPlan:
    """Say what asking for n places comes to, and change nothing."""
    seats = n if ignore_free_seats else free_places(ctx, n)
    allowed = budget.affordable(ctx, seats)
    asked: dict[str, int] = ctx.uow.state.get("asked", {})
    return RecruitmentPlan(n, split_among_recruiters(ctx, allowed, asked), seats, allowed)


def free_places(ctx: Context, n: int) -> int:
    """How many of n places there are seats for.

    People are counted before seats: who sits down in between counts twice, and never not at all.
    """
    now = headcount(ctx)
    networks = ctx.uow.networks()
    if not networks:
        return n
    free = sum(network.open_places if ctx.experiment.gating else _room(network) for network in networks)
    return max(0, min(n, free + ctx.experiment.over_recruitment - now.pending - now.unassigned))


def _room(network: Network) -> int:
    return network.max_size - network.n_alive if network.has_room else 0


def _apply(ctx: Context, opening: RecruitmentPlan) -> None:
    if opening.affordable < opening.seats:
        names = " and ".join(recruiters_in_use(ctx))
        budget.notify_hard_cap_reached(ctx, names, opening.seats - opening.affordable)
    for name, count in opening.places.items():
        _open(ctx, name, count)
    if opening.places:
        budget.warn_if_over_soft_cap(ctx)


def _open(ctx: Context, name: str, count: int) -> None:
    state = ctx.uow.state
    state.pop("closed", None)
    # Who came without having been asked for is no answer to this opening.
    state["opened"] = max(int(state.get("opened", 0)), headcount(ctx).arrived) + count
    asked = state.setdefault("asked", {})
    asked[name] = asked.get(name, 0) + count
    budget.record_batch_size(ctx, count)
    ctx.uow.save(Recruitment(recruiter=name, event_type=RECRUIT, n=count))
    # Counted apart: what was opened and closed unfilled is taken off the places, and no token comes twice.
    state["openings"] = int(state.get("openings", 0)) + 1
    token = f"{ctx.app_id}-open-{state['openings']}"
    ctx.uow.post(OpenPlaces(name, count, token, recruiter_state_of(ctx, name)))


def record_reopened_place(ctx: Context) -> None:
    """Count a place that its recruiter gives to somebody else by itself."""
    state = ctx.uow.state
    state["opened"] = max(int(state.get("opened", 0)), headcount(ctx).arrived) + 1


def withdraw_places(ctx: Context, recruiter: str, count: int) -> int:
    """Expect nobody any more for so many places that can't be taken; return how many were still expected."""
    state = ctx.uow.state
    arrived = headcount(ctx).arrived
    given_up = min(count, max(0, int(state.get("opened", 0)) - arrived))
    state["opened"] = max(int(state.get("opened", 0)), arrived) - given_up
    asked = state.setdefault("asked", {})
    asked[recruiter] = max(0, asked.get(recruiter, 0) - given_up)
    return given_up


def close_places(ctx: Context) -> None:
    """Ask every recruiter in use to open no more places; again: nothing."""
    state = ctx.uow.state
    if state.get("closed"):
        return
    state["closed"] = iso(ctx.now)
    # Places that nobody came for end with this; they are nobody's claim on a seat any more.
    state["opened"] = headcount(ctx).arrived
    for name in recruiters_in_use(ctx):
        ctx.uow.save(Recruitment(recruiter=name, event_type=CLOSE))
        ctx.uow.post(CloseRecruitment(name))


def is_closed(ctx: Context) -> bool:
    """Whether nobody is asked for at the moment."""
    return bool(ctx.uow.state.get("closed"))


def close_places_by_operator(ctx: Context) -> bool:
    """Close recruitment until the operator opens it again; say whether it was open."""
    was_open = not is_closed(ctx)
    ctx.uow.state["closed_by_operator"] = True
    close_places(ctx)
    return was_open


def recruiter_state_of(ctx: Context, recruiter: str) -> dict[str, Any]:
    """Return what a recruiter wanted to know next time."""
    kept: dict[str, Any] = ctx.uow.state.get("recruiters", {})
    return dict(kept.get(recruiter, {}))


def store_recruiter_state(
    ctx: Context, recruiter: str, recruited: RecruitmentResult, seen: dict[str, Any]
) -> None:
    """Keep what a recruiter wants to know next time; `seen`: what it was told this time.

    Busy, so that the message comes again, when somebody else has kept something new meanwhile: the
    recruiter, asked with the same token, does nothing twice and tells both together.
    """
    if recruiter_state_of(ctx, recruiter) != seen:
        raise Busy(f"Another message to {recruiter} was carried out at the same time; this one comes again.")
    if recruited.recruiter_state:
        ctx.uow.state.setdefault("recruiters", {})[recruiter] = recruited.recruiter_state
    for hit_id, ends in recruited.ends.items():
        listings.record_end_time(ctx, recruiter, hit_id, ends)
    for hit_id in recruited.ended:
        listings.record_ended(ctx, hit_id)
