"""Checks permissions (docs/contract.md) for every operation that isn't public."""

from __future__ import annotations

from chalicelib.access.rights import OPERATOR_ACTOR, Actor, Right
from chalicelib.errors import Forbidden, NotFound, Unauthorized
from chalicelib.model import keys
from chalicelib.model.info import Info
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.statuses import ACTIVE, ParticipantStatus

from .context import ANYONE, OPERATOR, PARTICIPANT, Context

MAX_ID = 10**15


def is_active(participant: Participant) -> bool:
    """Whether the participant can still use the experiment's pages, the questionnaire at least."""
    return participant.end_time is None and participant.status in ACTIVE


def actor_of(ctx: Context) -> Actor | None:
    """Return who manages the run with this call; None for participants and anonymous callers.

    Where tokens are off, every caller without a participant's token counts as the operator.
    """
    if ctx.caller.actor is None and ctx.caller.kind in (OPERATOR, ANYONE):
        return OPERATOR_ACTOR
    return ctx.caller.actor


def require_actor(ctx: Context) -> Actor:
    """Return who manages the run with this call; Unauthorized without a token, Forbidden for participants."""
    actor = actor_of(ctx)
    if actor is not None:
        return actor
    if ctx.caller.kind == PARTICIPANT:
        raise Forbidden("Only the operator may do this.", code="operator_only")
    raise Unauthorized("This requires the operator's token: send Authorization: Bearer <token>.")


def require_right(ctx: Context, right: Right) -> Actor:
    """Return the actor, who has the right; otherwise Unauthorized or Forbidden, before anything is read."""
    actor = require_actor(ctx)
    if not actor.may(right):
        raise Forbidden(
            f"This requires the right {right.value!r}, which {actor.name} doesn't have. Ask an administrator "
            "of this run for a role that includes it.",
            code="right_missing",
        )
    return actor


def require_operator(ctx: Context) -> None:
    """Refuse every actor but those who have all rights."""
    require_right(ctx, Right.SYSTEM_ADMIN)


def require_token(ctx: Context) -> None:
    """Refuse callers without a token, and revoked tokens."""
    if ctx.caller.kind in (OPERATOR, ANYONE):
        return
    if ctx.caller.kind != PARTICIPANT or ctx.caller.participant_id is None:
        raise Unauthorized(
            "This request requires the participant's token, which creating the participant returned: "
            "send Authorization: Bearer <token>."
        )
    try:
        holder = ctx.uow.participant(ctx.caller.participant_id)
    except NotFound as error:
        raise Unauthorized(
            "This token doesn't belong to a participant of this run.", code="token_invalid"
        ) from error
    if holder.token_serial != ctx.caller.serial:
        raise Unauthorized(
            "This token was revoked: the page was opened again elsewhere. Continue there, or reload.",
            code="token_ended",
        )


def calling_participant(ctx: Context) -> Participant | None:
    """Return the participant whose token came with the request; None when none did."""
    if ctx.caller.kind != PARTICIPANT or ctx.caller.participant_id is None:
        return None
    require_token(ctx)
    participant = ctx.uow.participant(ctx.caller.participant_id)
    ctx.uow.declare_scope(*participant.node_ids)
    return participant


def _known(number: int, what: str) -> int:
    if not 0 < number < MAX_ID:
        raise NotFound(f"There is no {what} {number}.", code=f"{what}_not_found")
    return number


def read_id(text: str, what: str) -> int | None:
    """Parse an id; None for a word, NotFound for a number outside the range of ids."""
    if not (text.isascii() and text.isdigit()):
        return None
    # int() refuses thousands of digits.
    return _known(int(text[:20]), what)


def read_canonical_id(text: str, what: str) -> int | None:
    """Parse an id like `read_id`; one with leading zeros is a word.

    What is stored under an id as text, such as a note, has one key only.
    """
    return None if text.startswith("0") else read_id(text, what)


def own_participant(ctx: Context, participant_id: int) -> Participant:
    """Return a participant that the caller may act for."""
    _known(participant_id, "participant")
    ctx.uow.prefetch(participant_id=ctx.caller.participant_id or participant_id)
    require_token(ctx)
    participant = ctx.uow.participant(participant_id)
    if ctx.caller.kind == PARTICIPANT and ctx.caller.participant_id != participant_id:
        raise Forbidden(f"This token belongs to another participant, not {participant_id}.", code="not_yours")
    ctx.uow.declare_scope(*participant.node_ids)
    return participant


def own_node(ctx: Context, node_id: int) -> Node:
    """Return a node that the caller may act for; one read also loads its network and participant."""
    _known(node_id, "node")
    ctx.uow.prefetch(node_id=node_id, participant_id=ctx.caller.participant_id)
    require_token(ctx)
    node = ctx.uow.node(node_id)
    if ctx.caller.kind == PARTICIPANT and node.participant_id != ctx.caller.participant_id:
        raise Forbidden(f"Node {node_id} belongs to another participant.", code="not_yours")
    ctx.uow.declare_scope(node_id)
    return node


def seed_read(ctx: Context, node: Node, operation: str) -> None:
    """Seed the draws of a read request's hooks, by participant, node and how much the node has made."""
    ctx.seed(node.participant, f"{operation}|{node.id}", node.last_thing)


def other_node(ctx: Context, node: Node, other_id: int) -> Node:
    """Return another node of the same network."""
    other = ctx.uow.node(_known(other_id, "node"))
    if other.network_id != node.network_id:
        raise Forbidden(f"Node {other_id} is in another network.", code="another_network")
    return other


def own_network(ctx: Context, network_id: int) -> Network:
    """Return a network that the caller is in."""
    _known(network_id, "network")
    ctx.uow.prefetch(participant_id=ctx.caller.participant_id)
    require_token(ctx)
    network = ctx.uow.network(network_id)
    if ctx.caller.kind == PARTICIPANT and ctx.caller.participant_id is not None:
        holder = ctx.uow.participant(ctx.caller.participant_id)
        if network_id not in set(map(keys.network_of, holder.node_ids)):
            raise Forbidden(f"You are not in network {network_id}.", code="not_yours")
    return network


def own_info(ctx: Context, node: Node, info_id: int) -> Info:
    """Return an info that a node made or has received."""
    _known(info_id, "info")
    info = ctx.uow.info(info_id)
    if info.origin_id == node.id:
        return info
    if ctx.caller.kind in (OPERATOR, ANYONE) and info.network_id == node.network_id:
        received = True
    else:
        received = any(t.info_id == info_id for t in ctx.uow.transmissions_to(node) if t.is_received)
    if not received:
        raise Forbidden(f"Node {node.id} neither made nor received info {info_id}.", code="not_yours")
    return info


def require_network_access(ctx: Context) -> None:
    """Refuse a participant who would change a network of a study, where only the timeline does that."""
    if ctx.caller.kind == PARTICIPANT and not ctx.experiment.participants_change_networks:
        raise Forbidden(
            "In this study only the timeline changes networks. Where a page's script has to do it, set "
            "participants_change_networks = True in the study.",
            code="timeline_decides",
        )


def require_working(participant: Participant | None) -> None:
    """Refuse a participant who isn't taking part any more."""
    if participant is not None and not participant.is_working:
        status = "finished" if participant.status == ParticipantStatus.WORKING else participant.status
        raise Forbidden(
            f"Participant {participant.id} is {status} and can't do this any more.",
            code="participant_not_working",
        )
