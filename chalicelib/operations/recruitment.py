"""How many places are opened, and with which recruiter."""

from __future__ import annotations

from chalicelib.model.network import Network
from chalicelib.model.record import iso
from chalicelib.model.reports import Recruitment
from chalicelib.operations.unit import Unit


def places_to_open(unit: Unit, n: int) -> int:
    """How many of n places may be opened: no more than are free to join, plus over-recruitment."""
    networks = unit.work.networks()
    if not networks:
        return n
    free = sum(network.open_places if unit.experiment.gating else _room(network) for network in networks)
    return max(0, min(n, free + unit.experiment.over_recruitment))


def _room(network: Network) -> int:
    return network.max_size - network.n_alive if network.has_room else 0


def open_places(unit: Unit, n: int) -> None:
    """Decide how many of n places to open with which recruiter, and have it done after the commit.

    Places may open again after recruitment was closed: somebody failed and is replaced. With
    `auto_recruit` off, none are.
    """
    if not unit.config.get("auto_recruit", True):
        return
    names = split_among_recruiters(unit, places_to_open(unit, n))
    if names:
        unit.work.state.pop("closed", None)
    for name in dict.fromkeys(names):
        unit.work.save(Recruitment(recruiter=name, event_type="recruit", n=names.count(name)))
        unit.work.post({"kind": "open_places", "recruiter": name, "n": names.count(name)})


def close_places(unit: Unit) -> None:
    """Ask every recruiter in use to open no more places; again: nothing."""
    state = unit.work.state
    if state.get("closed"):
        return
    state["closed"] = iso(unit.now)
    recruiter = str(unit.config.get("recruiter") or "hotair")
    quotas = (
        read_quotas(str(unit.config.get("recruiters") or "")) if recruiter == "multi" else [(recruiter, 0)]
    )
    for name in dict.fromkeys(name for name, _ in quotas):
        unit.work.save(Recruitment(recruiter=name, event_type="close"))
        unit.work.post({"kind": "stop_recruiter", "recruiter": name})


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
