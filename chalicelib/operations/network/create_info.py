"""Creates an info at a node: POST /info/<node_id>."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.errors import BadRequest, Forbidden, TooLarge
from chalicelib.model.info import Info
from chalicelib.model.node import Node
from chalicelib.operations.shared.access import own_node, require_network_access, require_working
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.fields import known_class, set_free_fields
from chalicelib.operations.shared.idempotency import previous_result, record_result

#: The largest contents, in bytes of UTF-8: a DynamoDB item holds 400 KB at most.
MAX_CONTENTS_BYTES = 300 * 1024


def create_info(
    ctx: Context,
    node_id: int,
    contents: str | None,
    info_type: str | None,
    failed: bool,
    fields: Mapping[str, Any],
) -> dict[str, Any]:
    """Create an info at a node; a first answer opens the network's next place."""
    node = own_node(ctx, node_id)
    require_network_access(ctx)
    earlier = previous_result(ctx, node)
    if earlier is not None:
        return {"info": ctx.uow.info(earlier).as_json()}
    require_working(node.participant)
    check_contents(contents)
    ctx.seed(node.participant, f"create_info|{node.id}", node.last_thing)
    info = _create(ctx, node, contents or "", info_type, failed)
    set_free_fields(info, fields)
    mark_answered(node, info)
    ctx.experiment.info_post_request(node, info)
    record_result(ctx, node, info.id)
    return {"info": info.as_json()}


def check_contents(contents: str | None) -> None:
    """Refuse missing contents and contents above the limit."""
    if contents is None:
        raise BadRequest(
            "contents is missing; it may be empty, but it must be sent.", code="contents_missing"
        )
    size = len(contents.encode("utf-8", "surrogatepass"))
    if size > MAX_CONTENTS_BYTES:
        raise TooLarge(
            f"contents has {size} bytes; the limit is {MAX_CONTENTS_BYTES} bytes (300 KB). Make it smaller."
        )


def _create(ctx: Context, node: Node, contents: str, info_type: str | None, failed: bool) -> Info:
    cls = known_class(ctx, info_type, Info)
    if node.failed and not failed:
        raise Forbidden(
            f"Node {node.id} has failed and accepts no new infos, except those posted as failed.",
            code="node_failed",
        )
    info: Info = (
        cls(origin=node, contents=contents, failed=True) if failed else cls(origin=node, contents=contents)
    )
    return info


def mark_answered(node: Node, info: Info) -> None:
    """Record a participant's answer, which opens the gate of a network that waits for it."""
    if info.is_tracking or info.own_failed:
        return
    if not node.answered:
        node.answered = True
    network = node.network
    if network.waits_for(node) and node.has_answered:
        network.has_heard(node)
