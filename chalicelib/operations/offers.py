"""Offers of places (HITs) and their ends: told of by the recruiter, or seen by the clock.

What the run knows of an offer is one word in its state: when it ends by itself, or that it has ended. So
its end is handled once, however often, late or not at all it is reported.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.messages import CheckListing

from .unit import Unit

ENDED = "ended"
#: Offers that are remembered: far more than a run makes.
MOST = 100
#: So long after its end an offer is looked at, should no report of it come.
GRACE = timedelta(minutes=2)


def _known(unit: Unit) -> dict[str, str]:
    known: dict[str, str] = unit.work.state.get("offers", {})
    return known


def _note(unit: Unit, hit_id: str, what: str) -> None:
    kept = {one: said for one, said in _known(unit).items() if one != hit_id}
    unit.work.state["offers"] = dict([*kept.items(), (hit_id, what)][-MOST:])


def note_end(unit: Unit, recruiter: str, hit_id: str, ends: datetime) -> None:
    """Note when an offer ends by itself, and have it looked at then; known already: nothing."""
    until = ends.astimezone(UTC).isoformat()
    if _known(unit).get(hit_id) not in (until, ENDED):
        _note(unit, hit_id, until)
        unit.work.post(CheckListing(recruiter, hit_id), due=ends + GRACE)


def note_ended(unit: Unit, hit_id: str) -> None:
    """Note that an offer has ended, for good."""
    _note(unit, hit_id, ENDED)


def is_known(unit: Unit, hit_id: str) -> bool:
    """Whether an offer is this run's, running or ended."""
    return hit_id in _known(unit)


def has_ended(unit: Unit, hit_id: str) -> bool:
    """Whether an offer is known to have ended."""
    return _known(unit).get(hit_id) == ENDED


def ends_at(unit: Unit, hit_id: str) -> datetime | None:
    """When an offer was to end by itself; None when it has ended, or isn't the run's."""
    said = _known(unit).get(hit_id, ENDED)
    return None if said == ENDED else datetime.fromisoformat(said)
