"""Tells the time by a group's clocks, which stand still while the group waits for a member who is away.

Time limits of pages and timed parts are stored in the time of the group: the moments that they would have if
its clocks had never stood still. Only the group's own record is written when they stop and go on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.operations.shared.context import Context
from chalicelib.study.elements import Page
from chalicelib.study.plan import parse_path
from chalicelib.study.player import StudyGroup
from chalicelib.study.study_records import Place

from .live_gate import is_paced, live_session_of
from .study_context import moment_of, session_of, study_of


def patient_group(ctx: Context, place: Place) -> StudyGroup | None:
    """Return a participant's group, if its clocks can stand still."""
    if not place.in_group or place.network_id is None or not study_of(ctx).plan().can_pause:
        return None
    return session_of(ctx).group(place.network_id)


def group_time(ctx: Context, place: Place) -> datetime:
    """Return the moment that it is by the clocks of a participant's group."""
    group = patient_group(ctx, place)
    return ctx.now if group is None else ctx.now - timedelta(seconds=group.stored.paused_for(ctx.now))


def deadline_of(ctx: Context, place: Place) -> datetime | None:
    """Return when a participant's time limit is over, if their group's clocks go on now; None without one."""
    if is_paced(ctx, place):
        return _end_of_hosted_page(ctx, place)
    until = moment_of(place.until)
    if until is None:
        return None
    step = study_of(ctx).plan().find(parse_path(place.path))
    if step is None or not isinstance(step.element, Page):
        # A wait for a group has no clock of a group.
        return until
    return until + (ctx.now - group_time(ctx, place))


def _end_of_hosted_page(ctx: Context, place: Place) -> datetime | None:
    """Return when the time of a page is over that the host of a live session paces; None without a limit."""
    session = live_session_of(ctx, place)
    left = None if session is None else session.seconds_left(ctx.now)
    return None if left is None else ctx.now + timedelta(seconds=left)


def is_paused(ctx: Context, place: Place) -> bool:
    """Whether the clocks of a participant's group stand still."""
    group = patient_group(ctx, place)
    return group is not None and group.stored.paused_at is not None
