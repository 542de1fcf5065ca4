"""/experiment_property/<property>: the other name of /experiment/<property>."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from .door import Call, door
from .experiment import public_property

routes = Blueprint(__name__)


@door(routes, "/experiment_property/{name}")
def experiment_property(call: Call) -> dict[str, Any]:
    """Return a public property."""
    return public_property(call)
