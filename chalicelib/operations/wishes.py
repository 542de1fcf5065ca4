"""What hooks wish outward (recruit, publish, call me later) becomes messages of the hook's own commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from chalicelib.operations.recruitment import close_places, open_places
from chalicelib.operations.unit import Unit


def carry(unit: Unit, wishes: Iterable[dict[str, Any]]) -> None:
    """Carry every wish, in order."""
    for wish in wishes:
        CARRIERS[wish["kind"]](unit, wish)


def _publish(unit: Unit, wish: dict[str, Any]) -> None:
    unit.work.post({"kind": "publish", "channel": wish["channel"], "data": wish["data"]})


def _timer(unit: Unit, wish: dict[str, Any]) -> None:
    body = {"kind": "timer", "method": wish["method"], "arguments": wish["arguments"]}
    unit.work.post(body, due=unit.now + timedelta(seconds=wish["seconds"]))


def _stand_in(unit: Unit, wish: dict[str, Any]) -> None:
    unit.work.post({"kind": "stand_in", "participant_id": wish["participant_id"]})


def _end_group(unit: Unit, wish: dict[str, Any]) -> None:
    unit.work.post({"kind": "end_group", "participant_id": wish["participant_id"]})


CARRIERS: dict[str, Callable[[Unit, dict[str, Any]], None]] = {
    "recruit": lambda unit, wish: open_places(unit, wish["n"]),
    "close_recruitment": lambda unit, _: close_places(unit),
    "publish": _publish,
    "timer": _timer,
    "bot": _stand_in,
    "end": _end_group,
}
