"""An address of the author's own is called: `@experiment_route` in an experiment's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.experiment.hook_times import measured
from chalicelib.model.record import iso

from .access import calling_participant
from .once import made_before, remember
from .unit import Unit

#: The longest answer, in characters, that is kept for a request that is repeated.
LONGEST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Page:
    """What an author's address answers: status, headers, and a text or (images) bytes."""

    status: int
    headers: Mapping[str, str]
    body: str | bytes


@dataclass(frozen=True, slots=True)
class Address:
    """One address of an author's: the function behind it, and how its answer is written."""

    name: str
    function: Callable[..., Any]
    #: Whether the function is a method, which gets the experiment first.
    is_method: bool
    #: Writes what the function returned; raises what is wrong with it, so that nothing is committed.
    write: Callable[[Any], Page]


#: What a repeated request is told whose first answer was too long to keep.
DONE_BEFORE = [200, {"Content-Type": "application/json"}, '{"status":"success","repeated":true}']


def answer_custom_route(
    unit: Unit, address: Address, arguments: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Page:
    """Call the author's function in this unit of work; what it changes is committed with its answer."""
    participant = calling_participant(unit)
    if participant is not None:
        earlier = made_before(unit, participant)
        if earlier is not None:
            return Page(*earlier)
    # No record counts these calls, so their draws depend on the moment: a re-run draws the same.
    unit.seed(participant, f"{address.name}|{iso(unit.now)}", 0)
    experiment = unit.experiment
    experiment.parameters = dict(parameters)
    experiment.calling_participant = participant
    first = (experiment,) if address.is_method else ()
    with measured(experiment, address.function):
        answer = address.function(*first, **arguments)
    page = address.write(answer)
    if participant is not None:
        remember(unit, participant, _kept(page))
    return page


def _kept(page: Page) -> list[Any]:
    if isinstance(page.body, bytes) or len(page.body) > LONGEST_KEPT:
        return DONE_BEFORE
    return [page.status, dict(page.headers), page.body]
