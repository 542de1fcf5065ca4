"""Forms groups of the participants who wait for one, and releases those who have waited too long."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from chalicelib.errors import Busy, Conflict, NotFound, PetriError, StudyFull
from chalicelib.experiment.networks import Empty
from chalicelib.model import keys
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.operator_notices import notify_operator
from chalicelib.operations.study.design.assignment import assign_group
from chalicelib.operations.study.flow.members import MAX_TOGETHER, TEXTS, leave_to_members, take_seat
from chalicelib.operations.study.flow.moves import ERROR, FULL, STUDY_FULL, element_at, ring, stop_with_pay
from chalicelib.operations.study.shared.hook_errors import StudyCodeError
from chalicelib.operations.study.shared.study_context import session_of, study_of
from chalicelib.study.elements import Cohort, Gathering, Group, Peers
from chalicelib.study.items.markup import marked
from chalicelib.study.study_records import GroupRecord, Place, Pooled

from .cohorts import form_cohort
from .matching import MatchedGroup, early_members, fitting, has_waited, hurry_expected, matched
from .peer_groups import form_among_peers

NO_GROUP = "waiting"
#: Under which name the context keeps the entries of those who could be grouped with a participant.
WAITING = "waiting for a group"
#: For how many of those who wait for settled partners one commit answers.
MAX_HURRIED = 4


class FormingFailedError(PetriError):
    """The function that matches participants, or that a Group calls, raised an error."""


def form_groups(ctx: Context, path: str, participant_id: int | None = None) -> bool:
    """Form groups or cohorts at an element, as many as one commit takes; return whether anything changed.

    `participant_id`: form the group of this participant only, so that the requests of participants who arrive
    at once form different groups.
    """
    element = element_at(ctx, path)
    if not isinstance(element, Gathering):
        return False
    waiting = _waiting(ctx, path, element, participant_id)
    with _author_code(element):
        if isinstance(element, Peers):
            return form_among_peers(ctx, path, element, waiting, _form)
        chosen = fitting(ctx, path, _of(participant_id, matched(ctx, path, element, waiting)))
        _begin(ctx, path, element, chosen)
        taken = {one for match in chosen for one in match.ids}
        left = [one for one in waiting if one.participant_id not in taken]
        own = [one for one in left if participant_id in (None, one.participant_id)]
        hurried = [hurry_expected(ctx, path, element, one) for one in own[:MAX_HURRIED]]
    late = [one for one in own if has_waited(ctx, element, one)][:MAX_TOGETHER]
    sorry = marked("We are sorry: not enough people came to form a group. You are paid for your time.")
    _release(ctx, late, NO_GROUP, sorry)
    session_of(ctx).flush()
    return bool(chosen or late) or any(hurried)


def form_early(ctx: Context, path: str) -> list[Place]:
    """Form one group of those who wait at an element now, without waiting for a full one.

    Return the places of those who waited: their parts have ended with pay if the study is full for them.
    InvalidState if the study allows no group of those who wait.
    """
    element = element_at(ctx, path)
    if not isinstance(element, Gathering):
        raise NotFound(f"No participant waits for a group at {path[:40]!r}.", code="gathering_not_found")
    pooled = _pooled(ctx, path, None)
    session = session_of(ctx)
    session.prefetch((one.participant_id for one in pooled), keys.HEADER)
    waiting = [one for one in pooled if _is_still_waiting(ctx, path, one, with_gone=False)]
    members = early_members(ctx, element, waiting)
    with _author_code(element):
        _begin(ctx, path, element, [MatchedGroup.of(members)])
    session.flush()
    return [session.place(one.participant_id) for one in members]


def _begin(ctx: Context, path: str, element: Gathering, chosen: Sequence[MatchedGroup]) -> None:
    """Form these cohorts or groups."""
    for match in chosen:
        if isinstance(element, Cohort):
            form_cohort(ctx, path, element, match.waiting)
        elif isinstance(element, Group):
            _form(ctx, path, element, match)


def release_waiting(ctx: Context, path: str, reason: str) -> bool:
    """Release, with pay, those who wait at an element whose function fails, and notify the operator."""
    element = element_at(ctx, path)
    waiting = _waiting(ctx, path, element)[:MAX_TOGETHER] if isinstance(element, Gathering) else []
    _release(ctx, waiting, ERROR, TEXTS[ERROR])
    session_of(ctx).flush()
    if waiting:
        notify_operator(
            ctx,
            f"No group could be formed at {path}, and {len(waiting)} participants were released with pay: "
            f"{reason} Fix the function and deploy again.",
        )
    return bool(waiting)


def _of(participant_id: int | None, matches: Sequence[MatchedGroup]) -> list[MatchedGroup]:
    """Return the matches that a participant is in; all of them for None."""
    return [match for match in matches if participant_id is None or participant_id in match.ids]


@contextmanager
def _author_code(element: Gathering) -> Iterator[None]:
    """Turn what an author's code raises here into FormingFailedError, unless it lost a race."""
    try:
        yield
    except (Busy, Conflict, StudyCodeError):
        raise
    except Exception as error:
        # An author's function may raise anything; the error is logged where those who wait are released.
        raise FormingFailedError(
            f"{type(element).__name__} {element.name!r}: {type(error).__name__}: {error}"
        ) from error


def _waiting(ctx: Context, path: str, element: Gathering, participant_id: int | None = None) -> list[Pooled]:
    """Return who waits at an element, by arrival; those who have left the study are removed.

    `participant_id`: return only those with whom this participant can be grouped.
    """
    is_open = callable(element.match) or isinstance(element, Peers)
    pooled = _pooled(ctx, path, None if is_open else participant_id)
    is_settled = isinstance(element, Group) and element.repeats_members
    is_complete = is_settled or len(pooled) >= element.size
    if not is_complete and not any(has_waited(ctx, element, one) for one in pooled):
        # Most arrivals complete no group: they read no more than this. A function may make smaller groups.
        return pooled if callable(element.match) else []
    session_of(ctx).prefetch((one.participant_id for one in pooled), keys.HEADER)
    return [one for one in pooled if _is_still_waiting(ctx, path, one, with_gone=is_settled)]


def _pooled(ctx: Context, path: str, participant_id: int | None) -> list[Pooled]:
    """Return the entries without a seat, by arrival; of a participant's, those that share what they must."""
    entries = [Pooled.from_item(item) for item in ctx.uow.items(keys.pool(path))]
    entries = [one for one in entries if not one.is_seated]
    if participant_id is not None:
        own = {one.key for one in entries if one.participant_id == participant_id}
        entries = [one for one in entries if one.key in own]
    ctx.read[WAITING] = sorted(entries, key=lambda one: (one.since, one.participant_id))
    return list(ctx.read[WAITING])


def _is_still_waiting(ctx: Context, path: str, one: Pooled, *, with_gone: bool) -> bool:
    """Whether a participant in the pool waits there; the entry of one who has left is removed.

    Of an arrival, the entry in the pool may be seen before the place: it isn't removed then.

    `with_gone`: also a participant who has disconnected, who is answered for; so are members of cohorts.
    """
    place = session_of(ctx).find_place(one.participant_id)
    if place is None:
        return False
    if place.ended or not ctx.uow.participant(one.participant_id).is_working:
        ctx.uow.delete_item(keys.pooled(path, one.participant_id))
        return False
    return place.path == path and (with_gone or not place.gone or place.cohort is not None)


def _form(ctx: Context, path: str, element: Group, match: MatchedGroup) -> None:
    """Make a group's network and nodes, give roles, and seat its members; those of a large one follow.

    A member who has left the study has a seat without a node.
    """
    session = session_of(ctx)
    places = [session.place(one.participant_id) for one in match.waiting]
    try:
        slot, condition = (None, {}) if isinstance(element, Peers) else assign_group(ctx, places)
    except StudyFull:
        _release_full(ctx, path, places, STUDY_FULL)
        return
    network: Network = Empty(max_size=len(places))
    network.role = element.name
    ctx.uow.save_concurrently(network)
    nodes = {place.participant_id: _node(network, place) for place in places}
    roles = _roles(ctx, element, [session.place(one) for one in match.ids], network.id)
    record = GroupRecord(
        network_id=network.id,
        element=path,
        members=[
            {"participant_id": one, "node_id": nodes.get(one), "role": role}
            for one, role in zip(match.ids, roles, strict=True)
        ],
        condition=condition,
        slot=slot,
    )
    group = session.add_group(record)
    if element.then is not None:
        getattr(study_of(ctx), element.then)(group)
    if len(places) > MAX_TOGETHER:
        for one in match.waiting:
            one.network_id = network.id
            ctx.uow.put_if_unchanged(keys.pooled(path, one.participant_id), one.kind, one.to_fields())
        leave_to_members(ctx, group, places)
        return
    for place in places:
        take_seat(ctx, place, group)
    ring(ctx, places, f"group{network.id}")


def _node(network: Network, place: Place) -> int:
    """Make a member's node, and return its id."""
    node = Node(network=network)
    node.participant_id = place.participant_id
    network.add_node(node)
    return node.id


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
        stop_with_pay(ctx, place, message, reason)
    ring(ctx, places, f"released{places[0].participant_id if places else 0}")
