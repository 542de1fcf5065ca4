"""Reads a participant or a network."""

from __future__ import annotations

from typing import Any

from .access import own_network, own_participant
from .context import Context


def get_participant(ctx: Context, participant_id: int) -> dict[str, Any]:
    """Return a participant, without the recruiter's worker id."""
    return {"participant": own_participant(ctx, participant_id).as_json()}


def get_network(ctx: Context, network_id: int) -> dict[str, Any]:
    """Return a network that the caller is in, with its counts."""
    return {"network": own_network(ctx, network_id).as_json()}
