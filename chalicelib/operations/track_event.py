"""A page reports something about itself: POST /tracking_event/<node_id>."""

from __future__ import annotations

from typing import Any

from chalicelib.experiment.infos import TrackingEvent

from .access import own_node
from .fields import check_size
from .once import made_before, remember
from .unit import Unit


def track_event(unit: Unit, node_id: int, details: dict[str, Any]) -> dict[str, Any]:
    """Keep an event as an info of type tracking; it is never sent on by default."""
    node = own_node(unit, node_id)
    check_size(details=details)
    if made_before(unit, node) is None:
        event = TrackingEvent(origin=node, contents="", details=details, failed=node.failed)
        remember(unit, node, event.id)
    return {"details": details}
