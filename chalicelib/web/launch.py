"""/launch: the experiment begins."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.launch import launch as launch_experiment

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/launch", ("POST",))
def launch(call: Call) -> dict[str, Any]:
    """Set up and open recruitment, once."""
    result: dict[str, Any] = call.run(launch_experiment)
    return result
