"""Gives a participant the next place in a network: POST /node/<participant_id>."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib.errors import NetworkBusy, NoNetwork
from chalicelib.model import keys
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant
from chalicelib.model.record_classes import all_cascades_are_default
from chalicelib.model.statuses import SUCCESSFUL
from chalicelib.operations.shared.access import own_participant, require_network_access, require_working
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.fields import set_free_fields
from chalicelib.operations.shared.idempotency import previous_result, record_result

#: A waiting participant checks once in this many seconds whether the participant ahead has left.
CHECK_INTERVAL = 3
#: How many nodes of departed participants fail in one commit. Each changes two items; DynamoDB takes 100.
MAX_FAILED_PER_COMMIT = 20


def join_network(ctx: Context, participant_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Find a network, create the node, connect it; refuse with no_network or network_busy.

    A participant in a new session (a second device, a cleared browser) gets their unanswered node back; since
    it isn't a new one, `get_network_for_participant` isn't called.
    """
    participant = own_participant(ctx, participant_id)
    require_network_access(ctx)
    earlier = previous_result(ctx, participant)
    if earlier is not None:
        return {"node": ctx.uow.node(earlier).as_json()}
    require_working(participant)
    open_node = _node_of_earlier_session(ctx, participant)
    participant.seated_serial = participant.token_serial
    if open_node is not None:
        record_result(ctx, participant, open_node.id)
        return {"node": open_node.as_json(), "resumed": True}
    ctx.seed(participant, "join_network", len(participant.node_ids))
    experiment = ctx.experiment
    network = find_network(ctx, participant)
    if network is None:
        return {}
    has_waited = participant.waiting_since is not None
    node = experiment.create_node(participant=participant, network=network)
    set_free_fields(node, fields)
    experiment.add_node_to_network(node=node, network=network)
    experiment.node_post_request(participant, node)
    if len(participant.node_ids) == 1 or has_waited:
        # The participant has a seat now; recruitment counts participants without one.
        ctx.uow.update_status_index(participant)
    record_result(ctx, participant, node.id)
    return {"node": node.as_json()}


def _node_of_earlier_session(ctx: Context, participant: Participant) -> Node | None:
    """Return the newest node if it is alive, unanswered, and belongs to an earlier session.

    Within one session each call asks for a new node: in an experiment whose nodes make no infos, none is ever
    answered.
    """
    if not participant.node_ids or participant.seated_serial == participant.token_serial:
        return None
    node = ctx.uow.node(participant.node_ids[-1])
    return None if node.failed or node.has_answered else node


def find_network(ctx: Context, participant: Participant) -> Network | None:
    """Return a network with a place that is open now.

    None when there is none yet: the context then refuses after the commit, which keeps since when the
    participant waits. NoNetwork when none is left.
    """
    if participant.early_exit_reason == "busy":
        raise NoNetwork
    try:
        network = ctx.experiment.get_network_for_participant(participant)
    except NetworkBusy:
        if not _fail_departed(ctx, participant):
            _wait(ctx, participant)
            return None
        try:
            network = ctx.experiment.get_network_for_participant(participant)
        except NetworkBusy:
            _wait(ctx, participant)
            return None
    if network is None or network.full:
        raise NoNetwork
    return network


def _wait(ctx: Context, participant: Participant) -> None:
    """Let the participant wait, with pay, until `busy_timeout`; then release them, with pay."""
    if participant.waiting_since is None:
        participant.waiting_since = ctx.now
        # The participant counts as waiting now.
        ctx.uow.update_status_index(participant)
    elif ctx.now - participant.waiting_since > timedelta(minutes=ctx.settings.busy_timeout):
        participant.early_exit_reason = "busy"
        ctx.uow.update_status_index(participant)
        ctx.refuse_after_commit(
            NoNetwork("We are sorry: no place became free in time. You will be paid for waiting.")
        )
        return
    ctx.refuse_after_commit(NetworkBusy(retry_after=ctx.waiting_estimate.retry_after_seconds(ctx.uow)))


def _fail_departed(ctx: Context, participant: Participant) -> bool:
    """Fail nodes whose participants have left and so block a place; return whether there were any."""
    if not _is_due_to_check(ctx, participant):
        return False
    visited = set(map(keys.network_of, participant.node_ids))
    networks = [network for network in ctx.experiment.networks(full=False) if network.id not in visited]
    waited_for = ctx.uow.nodes([node_id for network in networks for node_id in network.waiting_for])
    owners = {node.participant_id for node in waited_for if node.participant_id is not None}
    ctx.uow.prefetch(more=[keys.participant(one) for one in sorted(owners)])
    # A cascade of the author's own changes each record below a node; one such node frees a place, too.
    limit = MAX_FAILED_PER_COMMIT if all_cascades_are_default() else 1
    candidates = (node for node in waited_for if not node.failed and _has_left(ctx, node))
    departed = list(islice(candidates, limit))
    for node in departed:
        node.fail("the participant left without an answer")
    return bool(departed)


def _is_due_to_check(ctx: Context, participant: Participant) -> bool:
    """Whether this participant checks for departed ones: at the start of the wait, then every few seconds.

    Hundreds may wait and ask every second; each check reads a node and a participant of every network.
    """
    if participant.waiting_since is None:
        return True
    return (int(ctx.now.timestamp()) + participant.id) % CHECK_INTERVAL == 0


def _has_left(ctx: Context, node: Node) -> bool:
    owner = node.participant
    if owner is None or owner.failed:
        return owner is not None
    if owner.is_working:
        return ctx.now > _deadline(ctx, owner)
    return owner.status not in SUCCESSFUL or not node.has_answered


def _deadline(ctx: Context, participant: Participant) -> datetime:
    return participant.creation_time + timedelta(hours=ctx.settings.duration)
