"""Recruitment as people manage it: its state, opening places, closing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from chalicelib.model import keys
from chalicelib.operations.recruitment import budget, listings
from chalicelib.operations.recruitment.headcount import headcount
from chalicelib.operations.recruitment.quotas import recruiters_in_use
from chalicelib.operations.recruitment.recruitment import (
    RECRUIT,
    RecruitmentPlan,
    close_places_by_operator,
    is_closed,
    open_places_by_operator,
    opening_token,
    plan_recruitment,
    recruiter_state_of,
)
from chalicelib.operations.shared.context import Context

from .vendor_accounts import states_of_vendors

#: The nickname of the recruiter that makes entry links.
LINK: Final = "link"
#: In a link for all participants, this stands for the participant's id.
PLACEHOLDER: Final = "%SURVEY_CODE%"
#: How many links are listed, and how many openings they are made from.
MOST_LINKS: Final = 200
MOST_OPENINGS: Final = 500


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A listing of places (a HIT), as the run knows it."""

    id: str
    ends: datetime | None = field(metadata={"help": "None when it has ended."})


@dataclass(frozen=True, slots=True)
class EntryLink:
    """A link with which one participant, or all participants, can take part."""

    worker_id: str | None = field(
        metadata={"personal": True, "help": "Empty for a link for all participants."}
    )
    address: str | None = field(metadata={"personal": True, "help": "It contains the participant's id."})
    is_used: bool


@dataclass(frozen=True, slots=True)
class EntryLinks:
    """The links that the recruiter `link` has made."""

    has_links: bool = field(metadata={"help": "Whether this run uses the recruiter `link`."})
    links: list[EntryLink]
    is_partial: bool = field(metadata={"help": "Whether there are more links than these."})


@dataclass(frozen=True, slots=True)
class RecruitmentState:
    """What recruitment is doing."""

    is_open: bool
    closed_by_operator: bool = field(metadata={"help": "Whether it stays closed until a person opens it."})
    auto_recruit: bool
    recruiters: list[str]
    arrived: int
    open_places: int
    requested: dict[str, int] = field(
        metadata={"help": "Places that each recruiter was asked for and that weren't withdrawn."}
    )
    listings: list[ListingRow] = field(metadata={"help": "Listings (HITs) of this run, as far as known."})
    vendors: list[str] = field(
        metadata={"help": "Those of the recruiters that can be asked with `recruitment/vendors`."}
    )
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
        requested=dict(ctx.uow.state.get("asked", {})),
        listings=[ListingRow(one, ends) for one, ends in listings.known_listings(ctx)],
        vendors=list(states_of_vendors(ctx)),
        cost_per_place=budget.cost_per_place(ctx),
    )


def preview_places(ctx: Context, places: int, *, ignore_free_seats: bool = False) -> OpenedPlaces:
    """Return what opening places would do and cost; changes nothing."""
    return _opened(ctx, plan_recruitment(ctx, places, ignore_free_seats=ignore_free_seats))


def entry_links(ctx: Context) -> EntryLinks:
    """Return the links that the recruiter `link` made for the places that were opened.

    The recruiter makes the same links for the same opening, so they are made again rather than stored.
    """
    if LINK not in recruiters_in_use(ctx):
        return EntryLinks(has_links=False, links=[], is_partial=False)
    recruiter, state = ctx.recruiters.named(LINK), recruiter_state_of(ctx, LINK)
    openings, is_partial = _openings_of_links(ctx)
    addresses = dict.fromkeys(
        address for n, token in openings for address in recruiter.recruit(n, token, state).addresses
    )
    rows = [_entry_link(ctx, address) for address in list(addresses)[:MOST_LINKS]]
    return EntryLinks(has_links=True, links=rows, is_partial=is_partial or len(addresses) > MOST_LINKS)


def _openings_of_links(ctx: Context) -> tuple[list[tuple[int, str]], bool]:
    """Return the openings of the recruiter `link` as (places, token), and whether there are more."""
    page = ctx.uow.page(keys.RECRUITMENT, limit=MOST_OPENINGS)
    opened = [item for item in page.items if item["event_type"] == RECRUIT]
    return [
        (int(item["n"]), opening_token(ctx, number))
        for number, item in enumerate(opened, 1)
        if item["recruiter"] == LINK
    ], page.after is not None


def _entry_link(ctx: Context, address: str) -> EntryLink:
    if "workerId" not in parse_qs(urlsplit(address).query) or PLACEHOLDER in unquote(address):
        return EntryLink("", address, is_used=False)
    worker_id = parse_qs(urlsplit(address).query)["workerId"][0]
    return EntryLink(worker_id, address, is_used=ctx.uow.item(keys.worker(worker_id)) is not None)


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
