"""Records in a participant's details in which visit they are, and which of their nodes precede it."""

from __future__ import annotations

from chalicelib.model.participant import EARLIER_NODES, IS_VISITING, VISIT, VISIT_SECONDS, Participant


def earlier_nodes(participant: Participant) -> int:
    """Return how many of a participant's nodes are of earlier visits."""
    return int(participant.details.get(EARLIER_NODES, 0))


def record_scheduled_visit(participant: Participant, number: int) -> None:
    """Record that a visit after the first is to come."""
    participant.details = {**participant.details, VISIT: number, IS_VISITING: False}


def record_begun_visit(participant: Participant) -> None:
    """Record that a participant has begun the visit that was to come."""
    nodes = len(participant.node_ids)
    participant.details = {**participant.details, IS_VISITING: True, EARLIER_NODES: nodes}


def record_ended_visit(participant: Participant, paid_seconds: float) -> None:
    """Record that a visit after the first has ended, or won't take place.

    `paid_seconds`: how long it took, if it is paid.
    """
    seconds = float(participant.details.get(VISIT_SECONDS, 0)) + paid_seconds
    participant.details = {**participant.details, IS_VISITING: False, VISIT_SECONDS: round(seconds, 3)}
