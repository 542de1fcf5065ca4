"""Gives a participant of a study a place in one of its networks."""

from __future__ import annotations

from chalicelib.errors import NoNetwork
from chalicelib.operations.network.join_network import find_network
from chalicelib.operations.shared.context import Context
from chalicelib.operations.study.design.assignment import assign_network
from chalicelib.operations.study.flow.moves import complete, move_on
from chalicelib.operations.study.shared.study_context import session_of, study_of


def take_place(ctx: Context, participant_id: int, path: str) -> bool:
    """Join a network, if one has an open place; return whether the participant has moved on.

    Where no network is left, the participant's part is complete.
    """
    session, study = session_of(ctx), study_of(ctx)
    session.prefetch([participant_id])
    place = session.find_place(participant_id)
    participant = ctx.uow.participant(participant_id)
    if place is None or place.path != path or place.ended is not None or not participant.is_working:
        return False
    ctx.uow.declare_scope(*participant.node_ids)
    ctx.seed(participant, "join_network", len(participant.node_ids))
    try:
        network = find_network(ctx, participant)
    except NoNetwork:
        complete(ctx, place)
        session.flush()
        return True
    if network is None:
        # The participant keeps waiting, or has waited too long: the commit keeps it, and the page shows it.
        is_over = isinstance(ctx.refusal, NoNetwork)
        ctx.refusal = None
        if is_over:
            complete(ctx, place)
        session.flush()
        return is_over
    has_waited = participant.waiting_since is not None
    node = study.create_node(participant=participant, network=network)
    study.add_node_to_network(node=node, network=network)
    study.node_post_request(participant, node)
    if len(participant.node_ids) == 1 or has_waited:
        ctx.uow.update_status_index(participant)
    place.network_id, place.node_id, place.in_group, place.role = network.id, node.id, False, None
    condition = assign_network(ctx, network)
    if condition:
        place.condition = condition
    move_on(ctx, place)
    session.flush()
    return True
