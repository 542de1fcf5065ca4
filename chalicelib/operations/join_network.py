"""A participant takes the next place: POST /node/<participant_id>."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.model.errors import NetworkBusy, NoNetwork
from chalicelib.model.network import Network
from chalicelib.model.node import Node
from chalicelib.model.participant import FINISHED_WELL, Participant

from .access import own_participant, working
from .fields import set_free_fields
from .once import made_before, remember
from .unit import Unit

#: In one of so many seconds somebody who waits looks whether the person ahead has left.
LOOK_EVERY = 3
#: How many nodes of those who left are failed in one commit. Each changes two items; DynamoDB takes 100.
MOST_LEFT = 20


def join_network(unit: Unit, participant_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Find a network, make the node, connect it; refuse with no_network or network_busy.

    A participant who comes from a new session (a second device, a cleared browser) gets their unanswered
    node back; it is not a new one, so `get_network_for_participant` is not asked.
    """
    participant = own_participant(unit, participant_id)
    earlier = made_before(unit, participant)
    if earlier is not None:
        return {"node": unit.work.node(earlier).as_json()}
    working(participant)
    open_node = _node_of_an_earlier_session(unit, participant)
    participant.seated_serial = participant.token_serial
    if open_node is not None:
        remember(unit, participant, open_node.id)
        return {"node": open_node.as_json(), "resumed": True}
    unit.seed(participant, "join_network", len(participant.node_ids))
    experiment = unit.experiment
    network = _find_network(unit, participant)
    if network is None:
        return {}
    has_waited = participant.waiting_since is not None
    node = experiment.create_node(participant=participant, network=network)
    set_free_fields(node, fields)
    experiment.add_node_to_network(node=node, network=network)
    experiment.node_post_request(participant, node)
    if len(participant.node_ids) == 1 or has_waited:
        # From now on the participant has a seat and waits no longer: recruiting counts who has none yet.
        unit.work.list_participant(participant)
    remember(unit, participant, node.id)
    return {"node": node.as_json()}


def _node_of_an_earlier_session(unit: Unit, participant: Participant) -> Node | None:
    """Return the newest node if it is alive, unanswered, and was given to an earlier session.

    Within one session each call asks for a new node: an experiment whose nodes make no infos never has
    an answered one.
    """
    if not participant.node_ids or participant.seated_serial == participant.token_serial:
        return None
    node = unit.work.node(participant.node_ids[-1])
    return None if node.failed or node.has_answered else node


def _find_network(unit: Unit, participant: Participant) -> Network | None:
    if participant.released == "busy":
        raise NoNetwork
    try:
        network = unit.experiment.get_network_for_participant(participant)
    except NetworkBusy:
        if not _fail_those_who_left(unit, participant):
            _wait(unit, participant)
            return None
        try:
            network = unit.experiment.get_network_for_participant(participant)
        except NetworkBusy:
            _wait(unit, participant)
            return None
    if network is None or network.full:
        raise NoNetwork
    return network


def _wait(unit: Unit, participant: Participant) -> None:
    """Let the participant wait, as paid time, until `busy_timeout`; then let them go on, with pay."""
    if participant.waiting_since is None:
        participant.waiting_since = unit.now
        # From now on the participant counts among those who wait.
        unit.work.list_participant(participant)
    elif unit.now - participant.waiting_since > _minutes(unit, "busy_timeout", 10.0):
        participant.released = "busy"
        unit.work.list_participant(participant)
        unit.refuse_after_commit(
            NoNetwork("We are sorry: nothing became free in time. You will be paid for waiting.")
        )
        return
    unit.refuse_after_commit(NetworkBusy(retry_after=unit.crowd.ask_again(unit.work)))


def _minutes(unit: Unit, key: str, default: float) -> timedelta:
    return timedelta(minutes=float(unit.config.get(key, default) or default))


def _fail_those_who_left(unit: Unit, participant: Participant) -> bool:
    """Fail nodes that hold a place up though nobody will answer there any more; say whether any was."""
    if not _is_moment_to_look(unit, participant):
        return False
    visited = {node_id // 100_000 for node_id in participant.node_ids}
    networks = [network for network in unit.experiment.networks(full=False) if network.id not in visited]
    waited_for = unit.work.nodes([node_id for network in networks for node_id in network.waiting_for])
    owners = {node.participant_id for node in waited_for if node.participant_id is not None}
    unit.work.prefetch(more=[(f"part#{one}", "#") for one in sorted(owners)])
    left = [node for node in waited_for if not node.failed and _has_left(unit, node)][:MOST_LEFT]
    for node in left:
        node.fail("nobody will answer here")
    return bool(left)


def _is_moment_to_look(unit: Unit, participant: Participant) -> bool:
    """Whether this one looks for those who left: who begins to wait does, and then each once in a while.

    Hundreds may wait and ask every second; the look reads a node and a person of every network.
    """
    if participant.waiting_since is None:
        return True
    return (int(unit.now.timestamp()) + participant.id) % LOOK_EVERY == 0


def _has_left(unit: Unit, node: Node) -> bool:
    owner = node.participant
    if owner is None or owner.failed:
        return owner is not None
    if owner.is_working:
        return unit.now > _deadline(unit, owner)
    return owner.status not in FINISHED_WELL or not node.has_answered


def _deadline(unit: Unit, participant: Participant) -> datetime:
    return participant.creation_time + timedelta(hours=float(unit.config.get("duration") or 1.0))
