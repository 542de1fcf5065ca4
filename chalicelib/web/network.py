"""/network: one network and its counts."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.read_records import get_network

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/network/{network_id}")
def network(call: Call) -> dict[str, Any]:
    """Return a network that the caller is in."""
    result: dict[str, Any] = call.run(get_network, call.parameters.path_number("network_id"))
    return result
