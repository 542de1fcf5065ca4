"""Ends a group before its last shared element: its members go on alone, behind what they share."""

from __future__ import annotations

from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.design.assignment import release_slot
from chalicelib.operations.study.shared.hook_errors import study_code
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.elements import EndlessTimelineError, Gathering, Session
from chalicelib.study.items.markup import marked
from chalicelib.study.plan import Path, parse_path, write_path
from chalicelib.study.study_records import COMPLETE, Place

from .moves import element_at, move_to, stop_endless

ENDED_EARLY = marked(
    "Another member of your group has left, so this part ends here for your group. "
    "You are paid for your time, and keep what you have earned."
)


def last_shared(ctx: Context, place: Place) -> Path | None:
    """Return the last element that a participant would share with their group; None when none follows."""
    return study_of(ctx).plan().last_shared(parse_path(place.path), session_of(ctx).decisions(place))


def may_gather(ctx: Context, place: Place) -> bool:
    """Whether a participant is where groups form, or may come there in this session."""
    if isinstance(element_at(ctx, place.path), Gathering):
        return True
    for step in study_of(ctx).plan().may_follow(parse_path(place.path)):
        if isinstance(step.element, Gathering | Session):
            return isinstance(step.element, Gathering)
    return False


def go_on_alone(ctx: Context, place: Place) -> bool:
    """Move a member of a group that has ended behind what they share; False when nothing more is shared."""
    shared = last_shared(ctx, place)
    if shared is None:
        return False
    try:
        with study_code(ctx, place.participant_id, f"the choice of the page after {write_path(shared)}"):
            following = study_of(ctx).plan().behind(shared, session_of(ctx).decisions(place))
    except EndlessTimelineError as error:
        stop_endless(ctx, place, error)
        return True
    if not may_gather(ctx, place):
        # What they have shared isn't complete, so another participant gets their cell.
        release_slot(ctx, place)
    move_to(ctx, place, following)
    place.alone_from = place.path
    if place.ended == COMPLETE and not place.message:
        place.message = ENDED_EARLY
    return True
