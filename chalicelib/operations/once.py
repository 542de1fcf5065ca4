"""A request that is repeated changes nothing and gets the first answer again."""

from __future__ import annotations

from typing import Any

from chalicelib.model.errors import Unprocessable
from chalicelib.model.node import Node
from chalicelib.model.participant import Participant

from .unit import Unit

#: How many requests a participant's and a node's record remember.
REMEMBERED = 20


def made_before(unit: Unit, keeper: Node | Participant) -> Any | None:
    """Return what the first request with this id made, or None for a new one.

    Unprocessable when the id was used before for something else.
    """
    if unit.request.id is None:
        return None
    for request_id, fingerprint, made in keeper.requests:
        if request_id == unit.request.id:
            if fingerprint != unit.request.fingerprint:
                raise Unprocessable
            return made
    return None


def remember(unit: Unit, keeper: Node | Participant, made: Any) -> None:
    """Keep what this request made on a record that it changes anyway."""
    if unit.request.id is not None:
        entry = [unit.request.id, unit.request.fingerprint, made]
        keeper.requests = [*keeper.requests, entry][-REMEMBERED:]
