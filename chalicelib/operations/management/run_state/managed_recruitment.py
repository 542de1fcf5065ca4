"""Recruitment as people manage it: its state, opening places, closing."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from chalicelib.operations.recruitment import budget
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.recruitment.quotas import recruiters_in_use
from chalicelib.operations.recruitment.recruitment import (
    RecruitmentPlan,
    close_places_by_operator,
    is_closed,
    open_places_by_operator,
    plan_recruitment,
)
from chalicelib.operations.shared.context import Context


@dataclass(frozen=True, slots=True)
class RecruitmentState:
    """What recruitment is doing."""

    is_open: bool
    closed_by_operator: bool = field(metadata={"help": "Whether it stays closed until a person opens it."})
    auto_recruit: bool
    recruiters: list[str]
    arrived: int
    open_places: int
    cost_per_place: Decimal = field(
        metadata={"any_decimal": True, "help": "The most that one more participant can cost."}
    )


@dataclass(frozen=True, slots=True)
class OpenedPlaces:
    """What a request for places opens, or would open."""

    requested: int
    opened: int
    by_recruiter: dict[str, int]
    seats: int = field(metadata={"help": "How many of them there are free seats for."})
    affordable: int = field(metadata={"help": "How many of those the hard cap allows."})
    most_cost: Decimal = field(metadata={"any_decimal": True, "help": "The most that they can cost."})


def recruitment_state(ctx: Context) -> RecruitmentState:
    """Return the state of recruitment."""
    counts = headcount(ctx)
    return RecruitmentState(
        is_open=bool(ctx.uow.state.get("launched")) and not is_closed(ctx),
        closed_by_operator=bool(ctx.uow.state.get("closed_by_operator")),
        auto_recruit=bool(ctx.settings.auto_recruit),
        recruiters=recruiters_in_use(ctx),
        arrived=counts.arrived,
        open_places=counts.pending,
        cost_per_place=budget.cost_per_place(ctx),
    )


def preview_places(ctx: Context, places: int) -> OpenedPlaces:
    """Return what opening places would do and cost; changes nothing."""
    return _opened(ctx, plan_recruitment(ctx, places))


def open_more_places(ctx: Context, places: int, *, ignore_free_seats: bool) -> OpenedPlaces:
    """Open places; the hard cap applies."""
    return _opened(ctx, open_places_by_operator(ctx, places, ignore_free_seats=ignore_free_seats))


def close_recruitment(ctx: Context) -> RecruitmentState:
    """Close recruitment until a person opens it again; idempotent."""
    close_places_by_operator(ctx)
    return recruitment_state(ctx)


def _opened(ctx: Context, plan: RecruitmentPlan) -> OpenedPlaces:
    return OpenedPlaces(
        requested=plan.requested,
        opened=plan.opened,
        by_recruiter=dict(plan.places),
        seats=plan.seats,
        affordable=plan.affordable,
        most_cost=budget.cost_per_place(ctx, max(1, plan.opened)) * plan.opened,
    )
