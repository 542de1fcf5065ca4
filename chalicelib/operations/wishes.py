"""What hooks wish outward (recruit, publish, call me later) becomes messages of the hook's own commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from chalicelib.operations.recruitment import CLOSE, RECRUIT
from chalicelib.operations.unit import Unit


def carry(unit: Unit, wishes: Iterable[dict[str, Any]]) -> None:
    """Carry every wish, in order.

    What is asked of recruiters is decided on in a commit of its own: it changes what all share, and a hook
    need not run again because somebody else recruits.
    """
    recruiting: list[tuple[str, int]] = []
    for wish in wishes:
        if wish["kind"] in RECRUITING:
            recruiting.append((RECRUITING[wish["kind"]], wish.get("n", 0)))
        else:
            CARRIERS[wish["kind"]](unit, wish)
    if recruiting:
        unit.work.post({"kind": "recruiting", "wishes": recruiting})


def _publish(unit: Unit, wish: dict[str, Any]) -> None:
    unit.work.post({"kind": "publish", "channel": wish["channel"], "data": wish["data"]})


def _timer(unit: Unit, wish: dict[str, Any]) -> None:
    body = {"kind": "timer", "method": wish["method"], "arguments": wish["arguments"]}
    if unit.timer_chain:
        body["chain"] = unit.timer_chain
    unit.work.post(body, due=unit.now + timedelta(seconds=wish["seconds"]))


def _stand_in(unit: Unit, wish: dict[str, Any]) -> None:
    unit.work.post({"kind": "stand_in", "participant_id": wish["participant_id"]})


def _end_group(unit: Unit, wish: dict[str, Any]) -> None:
    unit.work.post({"kind": "end_group", "participant_id": wish["participant_id"]})


def _screened_out(unit: Unit, wish: dict[str, Any]) -> None:
    """Have the fee paid at once where no recruiter has to report a submission first, and ask for another.

    Where the assignment is to be given back, its recruiter offers it to another by itself. What the
    experiment wishes here is carried with the rest.
    """
    participant = unit.work.participant(wish["participant_id"])
    if not unit.recruiters.pays_any_submission(participant.recruiter):
        unit.experiment.recruit()
    if unit.recruiters.screens_out_itself(participant.recruiter):
        unit.work.post({"kind": "submitted", "participant_id": participant.id})


RECRUITING = {"recruit": RECRUIT, "close_recruitment": CLOSE}
CARRIERS: dict[str, Callable[[Unit, dict[str, Any]], None]] = {
    "screened_out": _screened_out,
    "publish": _publish,
    "timer": _timer,
    "bot": _stand_in,
    "end": _end_group,
}
