"""An address of the author's own is called: `@experiment_route` in an experiment's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.experiment.hook_timing import record_duration
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import calling_participant
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.idempotency import previous_result, record_result

#: The longest answer, in characters, that is kept for a request that is repeated.
LONGEST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class CustomResponse:
    """What an author's address answers: status, headers, and a text or (images) bytes."""

    status: int
    headers: Mapping[str, str]
    body: str | bytes


@dataclass(frozen=True, slots=True)
class CustomRoute:
    """One address of an author's: the function behind it, and how its answer is written."""

    name: str
    function: Callable[..., Any]
    #: Whether the function is a method, which gets the experiment first.
    is_method: bool
    #: Writes what the function returned; raises what is wrong with it, so that nothing is committed.
    write: Callable[[Any], CustomResponse]


#: What a repeated request is told whose first answer was too long to keep.
DONE_BEFORE = [200, {"Content-Type": "application/json"}, '{"status":"success","repeated":true}']


def answer_custom_route(
    ctx: Context, address: CustomRoute, arguments: Mapping[str, Any], parameters: Mapping[str, Any]
) -> CustomResponse:
    """Call the author's function in this unit of work; what it changes is committed with its answer."""
    participant = calling_participant(ctx)
    if participant is not None:
        earlier = previous_result(ctx, participant)
        if earlier is not None:
            return CustomResponse(*earlier)
    # No record counts these calls, so their draws depend on the moment: a re-run draws the same.
    ctx.seed(participant, f"{address.name}|{iso(ctx.now)}", 0)
    experiment = ctx.experiment
    experiment.parameters = dict(parameters)
    experiment.calling_participant = participant
    first = (experiment,) if address.is_method else ()
    with record_duration(experiment, address.function):
        answer = address.function(*first, **arguments)
    page = address.write(answer)
    if participant is not None:
        record_result(ctx, participant, _kept(page))
    return page


def _kept(page: CustomResponse) -> list[Any]:
    if isinstance(page.body, bytes) or len(page.body) > LONGEST_KEPT:
        return DONE_BEFORE
    return [page.status, dict(page.headers), page.body]
