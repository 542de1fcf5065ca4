"""How many places are opened, and with which recruiter.

Never more than there are free seats open now, plus the author's over-recruitment: places that were
opened and nobody came for yet, and people who came and have no seat yet, count as taken. The count of
places opened is part of the run's state, whose version each opening raises: ten completions at once
open their places one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib.messages import CloseRecruitment, OpenPlaces
from chalicelib.model.errors import Busy
from chalicelib.model.network import Network
from chalicelib.model.record import iso
from chalicelib.model.reports import Recruitment
from chalicelib.ports import Recruited

from . import budget, offers
from .quotas import recruiters_in_use, split_among_recruiters
from .standing import standing
from .unit import Unit

RECRUIT, CLOSE = "recruit", "close"


@dataclass(frozen=True, slots=True)
class Opening:
    """What asking for places comes to."""

    asked: int
    #: How many places are opened, by recruiter.
    places: dict[str, int]
    #: How many there are seats for, and how many the hard cap allows.
    seats: int
    affordable: int

    @property
    def opened(self) -> int:
        """How many places are opened in all."""
        return sum(self.places.values())


def carry_out(unit: Unit, requests: Iterable[tuple[str, int]]) -> None:
    """Do what hooks asked of recruiters, in order."""
    for what, n in requests:
        if what == CLOSE:
            close_places(unit)
        else:
            open_places(unit, n)


def open_places(unit: Unit, n: int) -> None:
    """Decide how many of n places to open with which recruiter, and have it done after the commit.

    Places may open again after recruitment was closed by itself: somebody failed and is replaced. With
    `auto_recruit` off, or when the operator has closed recruitment, none are.
    """
    if unit.config.get("auto_recruit", True) and not unit.work.state.get("closed_by_operator"):
        _carry_out(unit, plan(unit, n))


def open_places_by_operator(unit: Unit, n: int, *, beyond_seats: bool = False) -> Opening:
    """Open places at the operator's word, with `auto_recruit` off too, and after closing.

    `beyond_seats`: even when no seat is free for them. The hard cap holds in any case.
    """
    unit.work.state.pop("closed_by_operator", None)
    opening = plan(unit, n, beyond_seats=beyond_seats)
    _carry_out(unit, opening)
    return opening


def plan(unit: Unit, n: int, *, beyond_seats: bool = False) -> Opening:
    """Say what asking for n places comes to, and change nothing."""
    seats = n if beyond_seats else places_to_open(unit, n)
    allowed = budget.affordable(unit, seats)
    asked: dict[str, int] = unit.work.state.get("asked", {})
    return Opening(n, split_among_recruiters(unit, allowed, asked), seats, allowed)


def places_to_open(unit: Unit, n: int) -> int:
    """How many of n places there are seats for.

    People are counted before seats: who sits down in between counts twice, and never not at all.
    """
    now = standing(unit)
    networks = unit.work.networks()
    if not networks:
        return n
    free = sum(network.open_places if unit.experiment.gating else _room(network) for network in networks)
    return max(0, min(n, free + unit.experiment.over_recruitment - now.expected - now.seatless))


def _room(network: Network) -> int:
    return network.max_size - network.n_alive if network.has_room else 0


def _carry_out(unit: Unit, opening: Opening) -> None:
    if opening.affordable < opening.seats:
        names = " and ".join(recruiters_in_use(unit))
        budget.tell_that_places_stay_closed(unit, names, opening.seats - opening.affordable)
    for name, count in opening.places.items():
        _open(unit, name, count)
    if opening.places:
        budget.mind_the_soft_cap(unit)


def _open(unit: Unit, name: str, count: int) -> None:
    state = unit.work.state
    state.pop("closed", None)
    # Who came without having been asked for is no answer to this opening.
    state["opened"] = max(int(state.get("opened", 0)), standing(unit).came) + count
    asked = state.setdefault("asked", {})
    asked[name] = asked.get(name, 0) + count
    budget.note_at_once(unit, count)
    unit.work.save(Recruitment(recruiter=name, event_type=RECRUIT, n=count))
    # Counted apart: what was opened and closed unfilled is taken off the places, and no token comes twice.
    state["openings"] = int(state.get("openings", 0)) + 1
    token = f"{unit.app_id}-open-{state['openings']}"
    unit.work.post(OpenPlaces(name, count, token, facts_of(unit, name)))


def note_reopened(unit: Unit) -> None:
    """Count a place that its recruiter gives to somebody else by itself."""
    state = unit.work.state
    state["opened"] = max(int(state.get("opened", 0)), standing(unit).came) + 1


def give_up_places(unit: Unit, recruiter: str, count: int) -> int:
    """Expect nobody any more for so many places that can't be taken; return how many were still expected."""
    state = unit.work.state
    came = standing(unit).came
    given_up = min(count, max(0, int(state.get("opened", 0)) - came))
    state["opened"] = max(int(state.get("opened", 0)), came) - given_up
    asked = state.setdefault("asked", {})
    asked[recruiter] = max(0, asked.get(recruiter, 0) - given_up)
    return given_up


def close_places(unit: Unit) -> None:
    """Ask every recruiter in use to open no more places; again: nothing."""
    state = unit.work.state
    if state.get("closed"):
        return
    state["closed"] = iso(unit.now)
    # Places that nobody came for end with this; they are nobody's claim on a seat any more.
    state["opened"] = standing(unit).came
    for name in recruiters_in_use(unit):
        unit.work.save(Recruitment(recruiter=name, event_type=CLOSE))
        unit.work.post(CloseRecruitment(name))


def is_closed(unit: Unit) -> bool:
    """Whether nobody is asked for at the moment."""
    return bool(unit.work.state.get("closed"))


def close_places_by_operator(unit: Unit) -> bool:
    """Close recruitment until the operator opens it again; say whether it was open."""
    was_open = not is_closed(unit)
    unit.work.state["closed_by_operator"] = True
    close_places(unit)
    return was_open


def facts_of(unit: Unit, recruiter: str) -> dict[str, Any]:
    """Return what a recruiter wanted to know next time."""
    kept: dict[str, Any] = unit.work.state.get("recruiters", {})
    return dict(kept.get(recruiter, {}))


def keep_facts(unit: Unit, recruiter: str, recruited: Recruited, seen: dict[str, Any]) -> None:
    """Keep what a recruiter wants to know next time; `seen`: what it was told this time.

    Busy, so that the message comes again, when somebody else has kept something new meanwhile: the
    recruiter, asked with the same token, does nothing twice and tells both together.
    """
    if facts_of(unit, recruiter) != seen:
        raise Busy(f"Another message to {recruiter} was carried out at the same time; this one comes again.")
    if recruited.facts:
        unit.work.state.setdefault("recruiters", {})[recruiter] = recruited.facts
    for hit_id, ends in recruited.ends.items():
        offers.note_end(unit, recruiter, hit_id, ends)
    for hit_id in recruited.ended:
        offers.note_ended(unit, hit_id)
