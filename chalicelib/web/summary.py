"""/summary: how far the experiment is, in counts."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.summarise import summarise

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/summary")
def summary(call: Call) -> dict[str, Any]:
    """Return participants by status and what is left to fill."""
    result: dict[str, Any] = call.run(summarise)
    return result
