"""Summarizes the experiment's progress, and reads its public properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from chalicelib.errors import NotFound
from chalicelib.model.statuses import EXPECTED_VISITS, ParticipantStatus
from chalicelib.operations.shared.context import Context
from chalicelib.serializable import require_serializable


def summarize(ctx: Context) -> dict[str, Any]:
    """Return the counts of participants by status, and of the places left to fill."""
    counts = ctx.uow.statuses()
    unfilled = ctx.experiment.networks(full=False)
    completed = ctx.experiment.is_complete()
    if completed is None:
        launched = bool(ctx.uow.state.get("launched"))
        completed = launched and not unfilled and not counts.get(ParticipantStatus.WORKING)
    sessions = ctx.experiment.session_counts()
    is_expecting = bool(sessions) and _are_expected(sessions)
    return {
        "summary": [[status, counts[status]] for status in sorted(counts)],
        "completed": bool(completed) and not is_expecting,
        "unfilled_networks": len(unfilled),
        "nodes_remaining": sum(network.max_size - network.size() for network in unfilled),
        "required_nodes": sum(network.max_size for network in unfilled),
        **({"sessions": sessions} if sessions else {}),
    }


def _are_expected(sessions: Sequence[Mapping[str, Any]]) -> bool:
    return any(EXPECTED_VISITS & one.keys() for one in sessions)


def read_property(ctx: Context, name: str) -> dict[str, Any]:
    """Return one of the experiment's public properties."""
    properties = ctx.experiment.public_properties
    if name not in properties:
        raise NotFound(
            f"The experiment has no public property {name!r}; add it to public_properties.",
            code="property_not_found",
        )
    require_serializable(properties[name], f"public_properties[{name!r}]", also=(datetime, Decimal))
    return {name: properties[name]}
