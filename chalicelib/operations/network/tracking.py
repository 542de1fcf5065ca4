"""Records tracking events, which pages report: POST /tracking_event/<node_id>."""

from __future__ import annotations

from typing import Any

from chalicelib.experiment.infos import TrackingEvent
from chalicelib.operations.shared.access import own_node
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.fields import check_size
from chalicelib.operations.shared.idempotency import previous_result, record_result


def track_event(ctx: Context, node_id: int, details: dict[str, Any]) -> dict[str, Any]:
    """Store an event as an info of type tracking, which isn't transmitted by default."""
    node = own_node(ctx, node_id)
    check_size(details=details)
    if previous_result(ctx, node) is None:
        event = TrackingEvent(origin=node, contents="", details=details, failed=node.failed)
        record_result(ctx, node, event.id)
    return {"details": details}
