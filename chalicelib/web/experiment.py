"""/experiment/<property>: what the experiment tells its pages."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint

from chalicelib.operations.summarise import read_property

from .door import Call, door

routes = Blueprint(__name__)


@door(routes, "/experiment/{name}")
def experiment(call: Call) -> dict[str, Any]:
    """Return a public property."""
    return public_property(call)


def public_property(call: Call) -> dict[str, Any]:
    """Return the property that the address names."""
    result: dict[str, Any] = call.run(read_property, name=call.parameters.path["name"])
    return result
