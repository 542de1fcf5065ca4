"""Forms groups of the participants who wait for one, and releases those who have waited too long."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import cast

from chalicelib.errors import Busy, Conflict, ExperimentError, PetriError, StudyFull
from chalicelib.experiment.networks import Empty
from chalicelib.messages import FormGroups
from chalicelib.model import keys
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.operations.study.design.assignment import assign_group
from chalicelib.operations.study.flow.members import ERROR, MAX_TOGETHER, leave_to_members, take_seat
from chalicelib.operations.study.flow.moves import FULL, element_at, ring, stop_with_pay
from chalicelib.operations.study.shared.study_context import moment_of, session_of, study_of
from chalicelib.study.elements import Group
from chalicelib.study.items.markup import marked
from chalicelib.study.player import Player
from chalicelib.study.study_records import GroupRecord, Place, Pooled

NO_GROUP = "waiting"


class FormingFailedError(PetriError):
    """The function that matches participants, or that a Group calls, raised an error."""


def form_groups(ctx: Context, path: str, participant_id: int | None = None) -> bool:
    """Form groups at an element, as many as one commit takes; return whether anything was changed.

    `participant_id`: form the group of this participant only, so that the requests of participants who arrive
    at once form different groups.
    """
    element = element_at(ctx, path)
    if not isinstance(element, Group):
        return False
    waiting = _waiting(ctx, path, element)
    with _author_code(element):
        chosen = _fitting(ctx, path, _of(participant_id, _matched(ctx, element, waiting)))
        for members in chosen:
            _form(ctx, path, element, members)
    taken = {one for members in chosen for one in _ids(members)}
    left = [[one] for one in waiting if one.participant_id not in taken]
    late = [one for [one] in _of(participant_id, left) if _has_waited(ctx, element, one)][:MAX_TOGETHER]
    _release(ctx, late, NO_GROUP, marked("We are sorry: not enough people came to form a group."))
    session_of(ctx).flush()
    return bool(chosen or late)


def release_waiting(ctx: Context, path: str, reason: str) -> bool:
    """Release, with pay, those who wait at an element whose function fails, and notify the operator."""
    element = element_at(ctx, path)
    waiting = _waiting(ctx, path, element)[:MAX_TOGETHER] if isinstance(element, Group) else []
    _release(ctx, waiting, ERROR, marked("We are sorry: an error has ended the study here."))
    session_of(ctx).flush()
    if waiting:
        notify_operator(
            ctx,
            f"No group could be formed at {path}, and {len(waiting)} participants were released with pay: "
            f"{reason} Fix the function and deploy again.",
        )
    return bool(waiting)


def _ids(members: Sequence[Pooled]) -> list[int]:
    return [one.participant_id for one in members]


def _of(participant_id: int | None, groups: Sequence[list[Pooled]]) -> list[list[Pooled]]:
    """Return the groups that a participant is in; all groups for None."""
    return [members for members in groups if participant_id is None or participant_id in _ids(members)]


def _fitting(ctx: Context, path: str, groups: Sequence[list[Pooled]]) -> list[list[Pooled]]:
    """Return as many groups as one commit can place; a message forms the others."""
    chosen: list[list[Pooled]] = []
    placed = 0
    for members in groups:
        if chosen and placed + len(members) > MAX_TOGETHER:
            ctx.uow.send_transient(FormGroups(path), f"form_groups|{path}|more")
            break
        chosen.append(members)
        placed += len(members)
    return chosen


@contextmanager
def _author_code(element: Group) -> Iterator[None]:
    """Turn what an author's code raises here into FormingFailedError, unless it lost a race."""
    try:
        yield
    except (Busy, Conflict):
        raise
    except Exception as error:
        # An author's function may raise anything; the error is logged where those who wait are released.
        raise FormingFailedError(f"Group {element.name!r}: {type(error).__name__}: {error}") from error


def _waiting(ctx: Context, path: str, element: Group) -> list[Pooled]:
    """Return who waits at an element, by arrival; those who have left the study are removed."""
    pooled = [Pooled.from_item(item) for item in ctx.uow.items(keys.pool(path))]
    pooled = [one for one in pooled if one.network_id is None]
    pooled.sort(key=lambda one: (one.since, one.participant_id))
    if len(pooled) < element.size and not any(_has_waited(ctx, element, one) for one in pooled):
        # Most arrivals complete no group: they read no more than this. A function may make smaller groups.
        return pooled if callable(element.match) else []
    session_of(ctx).prefetch((one.participant_id for one in pooled), keys.HEADER)
    return [one for one in pooled if _is_still_waiting(ctx, path, one)]


def _is_still_waiting(ctx: Context, path: str, one: Pooled) -> bool:
    """Whether a participant in the pool waits there; the entry of one who has left is removed.

    Of an arrival, the entry in the pool may be seen before the place: it isn't removed then.
    """
    place = session_of(ctx).find_place(one.participant_id)
    if place is None:
        return False
    if place.ended or not ctx.uow.participant(one.participant_id).is_working:
        ctx.uow.delete_item(keys.pooled(path, one.participant_id))
        return False
    return place.path == path and not place.gone


def _matched(ctx: Context, element: Group, waiting: Sequence[Pooled]) -> list[list[Pooled]]:
    """Return the groups that can begin."""
    if callable(element.match):
        return _by_function(ctx, element, element.match, waiting)
    groups: list[list[Pooled]] = []
    by_key: dict[str, list[Pooled]] = {}
    for one in waiting:
        by_key.setdefault(one.key, []).append(one)
    for members in by_key.values():
        if element.match in ("strangers", "partners"):
            groups += _by_history(ctx, element, members)
        else:
            groups += [members[i : i + element.size] for i in range(0, len(members), element.size)]
    return [members for members in groups if _is_ready(ctx, element, members)]


def _is_ready(ctx: Context, element: Group, members: Sequence[Pooled]) -> bool:
    """Whether a group is full, or large enough while its first member has waited for the whole time."""
    if len(members) == element.size:
        return True
    return bool(element.minimum) and len(members) >= element.minimum and _has_waited(ctx, element, members[0])


def _has_waited(ctx: Context, element: Group, one: Pooled) -> bool:
    since = moment_of(one.since)
    return since is not None and ctx.now >= since + timedelta(minutes=element.wait_minutes)


def _by_function(
    ctx: Context, element: Group, match: Callable[..., object], waiting: Sequence[Pooled]
) -> list[list[Pooled]]:
    session = session_of(ctx)
    session.prefetch(_ids(waiting))
    by_id = {one.participant_id: one for one in waiting}
    found = match(study_of(ctx), [session.player(one) for one in by_id])
    groups = [[by_id[player.id] for player in group] for group in cast("list[list[Player]]", found)]
    for members in groups:
        if len(members) > element.size:
            raise ExperimentError(
                f"The function that matches Group {element.name!r} returned {len(members)} members; "
                f"a group has at most {element.size}."
            )
    return groups


def _by_history(ctx: Context, element: Group, waiting: Sequence[Pooled]) -> list[list[Pooled]]:
    """Group people who have never met (strangers), or those who were together before (partners)."""
    session = session_of(ctx)
    history = {one.participant_id: session.place(one.participant_id).groups for one in waiting}
    met = {
        one: {other for group in groups for other in session.group(group).stored.member_ids() if other != one}
        for one, groups in history.items()
    }
    left = list(waiting)
    groups: list[list[Pooled]] = []
    while left:
        first = left.pop(0)
        members = [first]
        for other in list(left):
            has_met = any(other.participant_id in met[one.participant_id] for one in members)
            if len(members) < element.size and has_met == (
                element.match == "partners" and bool(met[first.participant_id])
            ):
                members.append(other)
                left.remove(other)
        groups.append(members)
    return groups


def _form(ctx: Context, path: str, element: Group, members: Sequence[Pooled]) -> None:
    """Make a group's network and nodes, give roles, and seat its members; those of a large one follow."""
    study, session = study_of(ctx), session_of(ctx)
    places = [session.place(one.participant_id) for one in members]
    try:
        slot, condition = assign_group(ctx, places)
    except StudyFull as full:
        _release_full(ctx, path, places, str(full))
        return
    network: Network = Empty(max_size=len(members))
    network.role = element.name
    ctx.uow.save_concurrently(network)
    roles = _roles(ctx, element, places, network.id)
    entries = []
    for place, role in zip(places, roles, strict=True):
        node = Node(network=network)
        node.participant_id = place.participant_id
        network.add_node(node)
        entries.append({"participant_id": place.participant_id, "node_id": node.id, "role": role})
    record = GroupRecord(
        network_id=network.id,
        element=path,
        members=entries,
        condition=condition,
        slot=slot,
    )
    group = session.add_group(record)
    if element.then is not None:
        getattr(study, element.then)(group)
    if len(members) > MAX_TOGETHER:
        for one in members:
            one.network_id = network.id
            ctx.uow.put_if_unchanged(keys.pooled(path, one.participant_id), one.kind, one.to_fields())
        leave_to_members(ctx, group, places)
        return
    for place in places:
        take_seat(ctx, place, group)
    ring(ctx, places, f"group{network.id}")


def _release_full(ctx: Context, path: str, places: list[Place], message: str) -> None:
    """Release, with pay, the members of a group for whom the study is full."""
    for place in places:
        ctx.uow.delete_item(keys.pooled(path, place.participant_id))
        stop_with_pay(ctx, place, message, FULL)
    ring(ctx, places, f"full{places[0].participant_id}")


def _roles(ctx: Context, element: Group, places: Sequence[Place], network_id: int) -> list[str | None]:
    if not element.roles:
        return [None] * len(places)
    roles: list[str | None] = list(element.roles[: len(places)])
    if element.shuffle:
        random.Random(f"{ctx.run_seed}|roles|{network_id}").shuffle(roles)
    if element.rotate:
        turns = min(len(place.groups) for place in places) % len(roles)
        roles = roles[-turns:] + roles[:-turns] if turns else roles
    return roles


def _release(ctx: Context, waiting: Sequence[Pooled], reason: str, message: str) -> None:
    """Release participants for whom there is no group, with pay."""
    session = session_of(ctx)
    places = [session.place(one.participant_id) for one in waiting]
    for place in places:
        ctx.uow.delete_item(keys.pooled(place.path, place.participant_id))
        stop_with_pay(ctx, place, f"{message} You are paid for your time.", reason)
    ring(ctx, places, f"released{places[0].participant_id if places else 0}")
