"""Releases a group from a wait when all its living members have arrived."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from chalicelib.errors import Busy, Conflict, ExperimentError
from chalicelib.model.record import iso
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.operations.study.flow.members import (
    follow,
    leave_to_members,
    living_members,
    move_members,
    stop_members,
)
from chalicelib.operations.study.flow.moves import ERROR, element_at, move_on, ring
from chalicelib.operations.study.flow.time_limits import autoplay, expire_overdue
from chalicelib.operations.study.shared.hook_errors import HookFailedError
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.elements import Wait
from chalicelib.study.player import StudyGroup
from chalicelib.study.study_records import Place

logger = logging.getLogger("petri.study")

#: The number of members who move on in the commit of the release, with up to three writes each; the
#: members of a larger group follow at their next request.
MAX_MOVED = 30


def release(ctx: Context, network_id: int, path: str, mates: Sequence[int] = ()) -> bool:
    """Release a group from a wait if all living members have arrived; return whether anything was changed.

    The function of the wait is called here, in the commit that moves the members on: the place of each was
    read by this unit, so of several requests that release at the same time one wins.
    """
    session = session_of(ctx)
    group = session.group(network_id, mates)
    if group.stored.ended_early is not None:
        return move_members(ctx, network_id)
    living = living_members(ctx, group)
    missing = [place for place in living if place.path != path]
    if group.stored.stopped or path in group.stored.done or len(missing) == len(living):
        # Another request has released them.
        return False
    with _author_code(group, path):
        if missing:
            _require_one_wait(ctx, group, living)
            hurried = [hurry(ctx, place) for place in missing]
            changed = any(hurried)
        else:
            changed = True
            _release(ctx, group, path, living)
        session.flush()
    return changed


def _require_one_wait(ctx: Context, group: StudyGroup, living: Sequence[Place]) -> None:
    """Raise when members wait for each other at different elements: none of them would ever go on."""
    paths = {place.path for place in living}
    if all(isinstance(element_at(ctx, path), Wait) and path not in group.stored.done for path in paths):
        raise ExperimentError(
            f"The members of {group!r} wait for each other at different elements: {sorted(paths)}. "
            "Put a Wait where all members pass it, not in a Part or Branch that only some of them take."
        )


def _release(ctx: Context, group: StudyGroup, path: str, living: list[Place]) -> None:
    """Call the function of a wait, and move its members on."""
    _call_function(ctx, group, path)
    if len(living) > MAX_MOVED:
        group.stored.done[path] = str(iso(ctx.now))
        leave_to_members(ctx, group, living)
        return
    for place in living:
        move_on(ctx, place)
    ring(ctx, living, f"wait{group.id}|{path}")


def hurry(ctx: Context, place: Place) -> bool:
    """Answer for a member whose time is over, or who has disconnected; return whether anything changed."""
    if follow(ctx, place) or expire_overdue(ctx, place):
        return True
    if not place.gone:
        return False
    before = place.serial
    autoplay(ctx, place)
    return place.serial != before


@contextmanager
def _author_code(group: StudyGroup, path: str) -> Iterator[None]:
    """Turn what an author's code raises here into HookFailedError, unless it lost a race."""
    try:
        yield
    except (Busy, Conflict, HookFailedError):
        raise
    except Exception as error:
        # An author's function may raise anything; the error is logged where the group is stopped.
        raise HookFailedError(group.id, f"{path} raised {type(error).__name__}: {error}") from error


def _call_function(ctx: Context, group: StudyGroup, path: str) -> None:
    """Call the wait's function; HookFailedError when it raises, unless it lost a race."""
    element = element_at(ctx, path)
    name = element.then if isinstance(element, Wait) else None
    if name is None:
        return
    ctx.seed(None, f"wait|{group.id}|{name}", group.round or 0)
    with _author_code(group, f"{name}() at {path}"):
        getattr(study_of(ctx), name)(group)


def stop_group(ctx: Context, network_id: int, reason: str) -> None:
    """Stop a group after an error of the study: release its members with pay, and notify the operator."""
    session = session_of(ctx)
    group = session.group(network_id)
    if group.stored.stopped:
        return
    count = stop_members(ctx, group, reason, ERROR)
    session.flush()
    notify_operator(
        ctx,
        f"Group {network_id} was stopped, and its {count} members were released with pay: {reason} "
        "Fix the function and deploy again; groups that form from now on use the new version.",
    )
