"""Reading a participant or a network."""

from __future__ import annotations

from typing import Any

from .access import own_network, own_participant
from .unit import Unit


def get_participant(unit: Unit, participant_id: int) -> dict[str, Any]:
    """Return a participant, without the recruiter's worker id."""
    return {"participant": own_participant(unit, participant_id).as_json()}


def get_network(unit: Unit, network_id: int) -> dict[str, Any]:
    """Return a network that the caller is in, with its counts."""
    return {"network": own_network(unit, network_id).as_json()}
