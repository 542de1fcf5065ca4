"""How many places are opened, and with which recruiter.

Never more than there are free seats open now, plus the author's over-recruitment: places that were
opened and nobody came for yet, and people who came and have no seat yet, count as taken. The count of
places opened is part of the run's state, whose version each opening raises: ten completions at once
open their places one after the other.
"""

from __future__ import annotations

from typing import Any

from chalicelib.model.network import Network
from chalicelib.model.participant import WORKING
from chalicelib.model.record import iso
from chalicelib.model.reports import Recruitment

from . import budget
from .unit import Unit


def places_to_open(unit: Unit, n: int) -> int:
    """How many of n places may be opened."""
    networks = unit.work.networks()
    if not networks:
        return n
    free = sum(network.open_places if unit.experiment.gating else _room(network) for network in networks)
    return max(0, min(n, free + unit.experiment.over_recruitment - _claims(unit)))


def _room(network: Network) -> int:
    return network.max_size - network.n_alive if network.has_room else 0


def _claims(unit: Unit) -> int:
    """Places that nobody has come for yet, and people at work who have no seat yet."""
    listed = unit.work.listing()
    expected = max(0, int(unit.work.state.get("opened", 0)) - len(listed))
    seatless = sum(1 for one in listed if one["status"] == WORKING and not one.get("seated"))
    return expected + seatless


def open_places(unit: Unit, n: int) -> None:
    """Decide how many of n places to open with which recruiter, and have it done after the commit.

    Places may open again after recruitment was closed by itself: somebody failed and is replaced. With
    `auto_recruit` off, or when the operator has closed recruitment, none are.
    """
    if not unit.config.get("auto_recruit", True) or unit.work.state.get("closed_by_operator"):
        return
    open_at_recruiters(unit, places_to_open(unit, n))


def open_at_recruiters(unit: Unit, places: int) -> None:
    """Open places with the recruiters whose turn it is, as far as the hard cap allows."""
    names = split_among_recruiters(unit, places)
    for name in dict.fromkeys(names):
        wanted = names.count(name)
        count = budget.affordable(unit, name, wanted)
        if count < wanted:
            budget.tell(unit, f"{wanted - count} places were not opened with {name}: hard_cap is reached.")
        if count:
            _open(unit, name, count)


def _open(unit: Unit, name: str, count: int) -> None:
    state = unit.work.state
    state.pop("closed", None)
    state["opened"] = int(state.get("opened", 0)) + count
    budget.reserve(unit, name, count)
    unit.work.save(Recruitment(recruiter=name, event_type="recruit", n=count))
    token = f"{unit.run_seed}-open-{state['opened']}"
    unit.work.post({"kind": "open_places", "recruiter": name, "n": count, "token": token})


def close_places(unit: Unit) -> None:
    """Ask every recruiter in use to open no more places; again: nothing."""
    state = unit.work.state
    if state.get("closed"):
        return
    state["closed"] = iso(unit.now)
    for name in recruiters_in_use(unit):
        unit.work.save(Recruitment(recruiter=name, event_type="close"))
        unit.work.post({"kind": "stop_recruiter", "recruiter": name})


def recruiters_in_use(unit: Unit) -> list[str]:
    """Return the nicknames of the recruiters that this run may ask."""
    recruiter = str(unit.config.get("recruiter") or "hotair")
    if recruiter != "multi":
        return [recruiter]
    return list(dict.fromkeys(name for name, _ in read_quotas(str(unit.config.get("recruiters") or ""))))


def split_among_recruiters(unit: Unit, places: int) -> list[str]:
    """Name a recruiter for each place: the configured one, or by the quotas of `recruiters` in turn."""
    recruiter = str(unit.config.get("recruiter") or "hotair")
    if recruiter != "multi":
        return [recruiter] * places
    quotas = read_quotas(str(unit.config.get("recruiters") or ""))
    asked: dict[str, int] = unit.work.state.setdefault("asked", {})
    names = []
    for _ in range(places):
        name = next((name for name, quota in quotas if asked.get(name, 0) < quota), None)
        if name is None:
            break
        asked[name] = asked.get(name, 0) + 1
        names.append(name)
    return names


def read_quotas(text: str) -> list[tuple[str, int]]:
    """Read `bots: 2, cli: 1` into pairs of nickname and number."""
    pairs = (part.split(":") for part in text.split(",") if part.strip())
    return [(name.strip(), int(number)) for name, number in pairs]


def facts_of(unit: Unit, recruiter: str) -> dict[str, Any]:
    """Return what a recruiter wanted to know next time."""
    kept: dict[str, Any] = unit.work.state.get("recruiters", {})
    return dict(kept.get(recruiter, {}))


def keep_facts(unit: Unit, recruiter: str, facts: dict[str, Any]) -> None:
    """Keep what a recruiter wants to know next time."""
    if facts:
        unit.work.state.setdefault("recruiters", {})[recruiter] = facts
