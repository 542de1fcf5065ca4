"""Lets the members of a group follow a commit that has formed, released or stopped it.

A DynamoDB transaction holds 100 writes, so the commit of a large group changes what all members share, and
each member follows in a commit of their own: at their next request, or by the message MoveMembers.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.messages import MoveMembers
from chalicelib.model import keys
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.design.assignment import release_group_slot
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.elements import Gathering, Wait
from chalicelib.study.items.markup import marked
from chalicelib.study.player import StudyGroup
from chalicelib.study.study_records import Place, Pooled

from .early_end import go_on_alone
from .moves import DROPOUT, ERROR, RELEASED, RELEASED_TEXT, element_at, move_on, ring, stop_with_pay

#: The number of members who are seated, moved on or stopped in one commit: up to five writes each.
MAX_TOGETHER = 16
#: The number of members that each place lists, so that they are read with their group.
MAX_MATES = 16
TEXTS = {
    RELEASED: RELEASED_TEXT,
    ERROR: marked("We are sorry: an error has ended the study here. You are paid for your time."),
    DROPOUT: marked(
        "We are sorry: another member of your group has left, so the study ends here. "
        "You are paid for your time."
    ),
}


def take_seat(ctx: Context, place: Place, group: StudyGroup) -> None:
    """Give a member their node and role, and move them on."""
    entry = group.stored.member(place.participant_id)
    place.network_id, place.node_id, place.in_group = group.id, entry["node_id"], True
    place.role = entry["role"]
    place.alone_from = None
    place.groups = [*place.groups, group.id]
    ids = group.stored.member_ids()
    place.mates = ids if len(ids) <= MAX_MATES else []
    if group.stored.condition:
        place.condition = dict(group.stored.condition)
    participant = ctx.uow.participant(place.participant_id)
    node = ctx.uow.node(entry["node_id"])
    if node.id not in participant.node_ids:
        participant.add_node(node)
    ctx.uow.update_status_index(participant)
    ctx.uow.delete_item(keys.pooled(group.stored.element, place.participant_id))
    move_on(ctx, place)


def join_cohort(ctx: Context, place: Place, name: str) -> None:
    """Make a participant a member of a cohort, and move them on."""
    place.cohort = name
    ctx.uow.delete_item(keys.pooled(place.path, place.participant_id))
    move_on(ctx, place)


def follow(ctx: Context, place: Place) -> bool:
    """Let a member follow their group or cohort; return whether anything was changed."""
    seat = _seat_of(ctx, place)
    if seat is not None and seat.cohort is not None and place.ended is None:
        join_cohort(ctx, place, seat.cohort)
        return True
    group = _group_of(ctx, place)
    if group is None or place.ended is not None:
        return False
    if group.stored.stopped is not None:
        _stop(ctx, place, group)
    elif not place.in_group or place.network_id != group.id:
        take_seat(ctx, place, group)
    elif group.stored.ended_early is not None:
        return go_on_alone(ctx, place)
    elif place.path in group.stored.done and isinstance(element_at(ctx, place.path), Wait):
        move_on(ctx, place)
    else:
        return False
    return True


def _group_of(ctx: Context, place: Place) -> StudyGroup | None:
    """Return the group that a participant is in, or in which they have a seat."""
    if isinstance(element_at(ctx, place.path), Gathering):
        seat = _seat_of(ctx, place)
        number = None if seat is None else seat.network_id
        return None if number is None else session_of(ctx).group(number)
    if not place.in_group or place.network_id is None:
        return None
    return session_of(ctx).group(place.network_id)


def _seat_of(ctx: Context, place: Place) -> Pooled | None:
    """Return the entry of a participant who waits for a group or a cohort; None elsewhere."""
    if not isinstance(element_at(ctx, place.path), Gathering):
        return None
    stored = ctx.uow.item(keys.pooled(place.path, place.participant_id))
    return None if stored is None else Pooled.from_item(stored)


def move_members(ctx: Context, network_id: int) -> bool:
    """Let members follow their group, as many as one commit takes; return whether any did."""
    session = session_of(ctx)
    group = session.group(network_id)
    moved = 0
    for place in living_members(ctx, group):
        if moved == MAX_TOGETHER:
            break
        moved += follow(ctx, place)
    session.flush()
    return bool(moved)


def living_members(ctx: Context, group: StudyGroup) -> list[Place]:
    """Return the places of the members who still take part."""
    places = [session_of(ctx).place(one) for one in group.stored.member_ids()]
    return [p for p in places if p.ended is None and ctx.uow.participant(p.participant_id).is_working]


def leave_to_members(ctx: Context, group: StudyGroup, places: Sequence[Place]) -> None:
    """Let members follow at their next request; a message moves those who send none."""
    ctx.uow.post(MoveMembers(group.id))
    ring(ctx, places, f"follow{group.id}|{len(group.stored.done)}")


def stop_members(ctx: Context, group: StudyGroup, reason: str, exit_reason: str) -> int:
    """Stop a group: all members are released, with pay; return how many there were."""
    group.stored.stopped, group.stored.exit_reason = reason, exit_reason
    release_group_slot(ctx, group.stored)
    members = living_members(ctx, group)
    for place in members[:MAX_TOGETHER]:
        _stop(ctx, place, group)
    if len(members) > MAX_TOGETHER:
        leave_to_members(ctx, group, members)
    else:
        ring(ctx, members, f"stopped{group.id}")
    return len(members)


def end_early(ctx: Context, group: StudyGroup, reason: str) -> None:
    """End a group before its last shared element: its members go on alone behind it."""
    group.stored.ended_early = reason
    release_group_slot(ctx, group.stored)
    members = living_members(ctx, group)
    if len(members) > MAX_TOGETHER:
        ctx.uow.post(MoveMembers(group.id))
    else:
        for place in members:
            follow(ctx, place)
    ring(ctx, members, f"ended{group.id}")


def _stop(ctx: Context, place: Place, group: StudyGroup) -> None:
    exit_reason = group.stored.exit_reason or ERROR
    if isinstance(element_at(ctx, place.path), Gathering):
        ctx.uow.delete_item(keys.pooled(place.path, place.participant_id))
    stop_with_pay(ctx, place, TEXTS[exit_reason], exit_reason)
