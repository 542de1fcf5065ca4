"""Calls the author's own routes: `@experiment_route` in an experiment's code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.experiment.hook_timing import record_duration
from chalicelib.model.record import iso
from chalicelib.operations.shared.access import calling_participant
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.idempotency import previous_result, record_result

#: The longest response, in characters, that is stored for a repeated request.
MAX_STORED_RESPONSE = 4096


@dataclass(frozen=True, slots=True)
class CustomResponse:
    """The response of an author's route: status, headers, and text or (for images) bytes."""

    status: int
    headers: Mapping[str, str]
    body: str | bytes


@dataclass(frozen=True, slots=True)
class CustomRoute:
    """One route of an author's: its function, and how its result is serialized."""

    name: str
    function: Callable[..., Any]
    #: Whether the function is a method, which gets the experiment first.
    is_method: bool
    #: Serializes the function's result; raises if it can't, so that nothing is committed.
    write: Callable[[Any], CustomResponse]


#: The response to a repeated request whose first response was too long to store.
DONE_BEFORE = [200, {"Content-Type": "application/json"}, '{"status":"success","repeated":true}']


def answer_custom_route(
    ctx: Context, route: CustomRoute, arguments: Mapping[str, Any], parameters: Mapping[str, Any]
) -> CustomResponse:
    """Call the author's function in this unit of work; its changes are committed with its response."""
    participant = calling_participant(ctx)
    if participant is not None:
        earlier = previous_result(ctx, participant)
        if earlier is not None:
            return CustomResponse(*earlier)
    # No record counts these calls, so their draws depend on the time: a retry draws the same.
    ctx.seed(participant, f"{route.name}|{iso(ctx.now)}", 0)
    experiment = ctx.experiment
    experiment.parameters = dict(parameters)
    experiment.calling_participant = participant
    first = (experiment,) if route.is_method else ()
    with record_duration(experiment, route.function):
        result = route.function(*first, **arguments)
    response = route.write(result)
    if participant is not None:
        record_result(ctx, participant, _stored(response))
    return response


def _stored(response: CustomResponse) -> list[Any]:
    if isinstance(response.body, bytes) or len(response.body) > MAX_STORED_RESPONSE:
        return DONE_BEFORE
    return [response.status, dict(response.headers), response.body]
