"""/api/v1/recruitment: open places, close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import NoParameters
from chalicelib.operations.management.run_state import managed_recruitment as recruitment
from chalicelib.operations.management.run_state.managed_recruitment import (
    EntryLinks,
    OpenedPlaces,
    RecruitmentState,
)
from chalicelib.operations.management.run_state.vendor_accounts import (
    VendorViews,
    states_of_vendors,
    view_of,
)
from chalicelib.services import App

RESOURCE: Final = "recruitment"


@dataclass(frozen=True, slots=True)
class PlacesOrder:
    """How many places, and whether free seats limit them."""

    places: int = field(metadata={"min": 1, "max": 10_000})
    ignore_free_seats: bool = field(default=False, metadata={"help": "Even if no seat is free for them."})


def _ask_vendors(app: App, states: Mapping[str, Mapping[str, Any]]) -> VendorViews:
    """Ask one vendor after the other; an error of one is part of the answer."""
    read = app.recruiters.read_account
    return VendorViews([view_of(name, read(name, state, app.clock.now)) for name, state in states.items()])


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="recruitment.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=NoParameters,
        answer=RecruitmentState,
        run=lambda ctx, _: recruitment.recruitment_state(ctx),
        summary="Returns the state of recruitment.",
    ),
    ApiOperation(
        name="recruitment.places",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="places",
        right=Right.VIEW,
        parameters=PlacesOrder,
        answer=OpenedPlaces,
        run=lambda ctx, asked: recruitment.preview_places(
            ctx, asked.places, ignore_free_seats=asked.ignore_free_seats
        ),
        summary="Returns what opening places would do and cost.",
    ),
    ApiOperation(
        name="recruitment.vendors",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="vendors",
        right=Right.VIEW,
        parameters=NoParameters,
        answer=VendorViews,
        run=lambda ctx, _: states_of_vendors(ctx),
        outside=_ask_vendors,
        summary="Asks the recruiters' vendors for the run's listings, the balance and qualifications.",
    ),
    ApiOperation(
        name="recruitment.links",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="links",
        right=Right.RECRUIT,
        parameters=NoParameters,
        answer=EntryLinks,
        run=lambda ctx, _: recruitment.entry_links(ctx),
        summary="Returns the entry links of the recruiter `link`.",
    ),
    ApiOperation(
        name="recruitment.open",
        method="POST",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="open",
        right=Right.RECRUIT,
        parameters=PlacesOrder,
        answer=OpenedPlaces,
        run=lambda ctx, asked: recruitment.open_more_places(
            ctx, asked.places, ignore_free_seats=asked.ignore_free_seats
        ),
        summary="Opens places, as many as there are seats and the hard cap allows.",
    ),
    ApiOperation(
        name="recruitment.close",
        method="POST",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="close",
        right=Right.RECRUIT,
        parameters=NoParameters,
        answer=RecruitmentState,
        run=lambda ctx, _: recruitment.close_recruitment(ctx),
        summary="Closes recruitment until a person opens it again.",
    ),
)
