"""Performs operations of the API: checks the right, runs the operation, records the change."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, TypeVar

from chalicelib.access.rights import Actor, Right
from chalicelib.errors import ExperimentError
from chalicelib.operations.audit.record_change import record_change, require_current_rights
from chalicelib.operations.shared.access import require_actor, require_right
from chalicelib.operations.shared.context import Context
from chalicelib.operations.shared.idempotency import previous_answer, record_answer
from chalicelib.services import App

from .answer_encoding import to_json
from .api_operation import ID, AnyOperation, ApiOperation, Shape
from .operation_table import match
from .personal_fields import refuse_personal_filters, without_personal_fields
from .request_reader import ApiRequest, check_request_id, read_parameters
from .row_rules import readable_rows, require_allowed_changes, require_readable_kinds

#: The field that marks the entry with which a bulk action begins, and how the name of the other one ends.
BULK: Final = "bulk"
RESULT: Final = " (result)"
Parameters = TypeVar("Parameters")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """An answer as JSON, and whether it carries an ETag."""

    fields: Mapping[str, Any]
    has_etag: bool


@dataclass(frozen=True, slots=True)
class OutsideCall:
    """The rest of an operation that calls a service, which is made after the unit of work."""

    operation: AnyOperation
    #: What the operation has read in the unit of work.
    known: Any
    sees_personal_data: bool

    def complete(self, app: App) -> Any:
        """Call the service, and return the operation's answer."""
        assert self.operation.outside is not None  # noqa: S101 - only such operations leave something to do
        answer = self.operation.outside(app, self.known)
        return answer if self.sees_personal_data else without_personal_fields(self.operation.answer, answer)


def completed(app: App, result: Any) -> Any:
    """Return an operation's answer, for which a service is called now if the operation needs one."""
    return result.complete(app) if isinstance(result, OutsideCall) else result


def completed_request(app: App, result: ApiAnswer | OutsideCall) -> ApiAnswer:
    """Return the answer to a request, for which a service is called now if the operation needs one."""
    if isinstance(result, OutsideCall):
        return ApiAnswer(to_json(result.complete(app)), result.operation.has_etag)
    return result


def perform(
    ctx: Context, operation: ApiOperation[Parameters, Answer], parameters: Parameters
) -> Answer | OutsideCall:
    """Perform an operation in this unit of work, and return its answer, or what `completed` takes.

    Unauthorized or Forbidden before anything is read. The rules for rows are applied to the answer, from
    which rows are left out, and to each row that a change has touched; one forbidden row refuses the whole
    change. Without the right View personal data, personal fields of the answer are None, and lists can't be
    filtered by them. A change is recorded in the audit log, in the same commit, once: here, or by an
    operation that records itself. A read that an author's hook makes a change of is refused.
    """
    actor = require_right(ctx, operation.right)
    require_readable_kinds(ctx, operation)
    if operation.changes and ctx.request.is_part_of_bulk:
        require_current_rights(ctx)
    elif operation.changes and not operation.records_itself:
        record_change(
            ctx, operation.name, records=operation.touched(parameters), fields=_set_fields(parameters)
        )
    sees_personal_data = actor.may(Right.VIEW_PERSONAL_DATA)
    if not sees_personal_data:
        refuse_personal_filters(ctx, operation.parameters, parameters)
    answer = operation.run(ctx, parameters)
    if operation.changes:
        require_allowed_changes(ctx, operation, parameters)
    elif ctx.uow.has_changes() or ctx.experiment.pending_effects:
        raise ExperimentError(
            f"The experiment's code has changed records while {operation.name} was read, so nothing was "
            "stored. Leave changes out of the hooks that show something; make them in an action of "
            "dashboard_database_actions()."
        )
    if operation.outside is not None:
        return OutsideCall(operation, answer, sees_personal_data)
    shown = readable_rows(ctx, actor, operation.answer, answer)
    return shown if sees_personal_data else without_personal_fields(operation.answer, shown)


def announce_bulk(
    ctx: Context, operation: ApiOperation[Parameters, Answer], records: Sequence[Parameters]
) -> None:
    """Record that a bulk action begins, before its changes, each of which has a commit of its own.

    `conclude_bulk` records what came of it: a bulk action without that entry was interrupted.
    `records`: the parameters of each change, which differ in the id only.
    """
    actor = require_right(ctx, operation.right)
    if previous_answer(ctx, actor.id) is None:
        touched = [one for each in records for one in operation.touched(each)]
        fields = {**_set_fields(records[0]), BULK: "begun; an entry with the result follows"}
        record_change(ctx, operation.name, records=touched, fields=fields)
        record_answer(ctx, actor.id, {})


def conclude_bulk(
    ctx: Context,
    operation: ApiOperation[Parameters, Answer],
    changed: Sequence[Parameters],
    refused: Mapping[str, str],
    not_reached: Sequence[str],
) -> None:
    """Record what came of a bulk action, once for each result.

    `changed`: the parameters of the changes that were made. `refused`: the code of each refusal, by id.
    `not_reached`: the ids behind an error that ended the action.
    """
    actor = require_actor(ctx)
    if previous_answer(ctx, actor.id) is None:
        touched = [one for each in changed for one in operation.touched(each)]
        fields = {"changed": len(changed), "refused": dict(refused), "not_reached": list(not_reached)}
        record_change(ctx, f"{operation.name}{RESULT}", records=touched, fields=fields, is_result=True)
        record_answer(ctx, actor.id, {})


def _set_fields(parameters: Any) -> dict[str, Any]:
    """Return the parameters that a call has set, besides the id, which the entry's records name."""
    set_fields = ((each, getattr(parameters, each.name)) for each in dataclasses.fields(parameters))
    return {
        each.name: value
        for each, value in set_fields
        if each.name != ID and value not in (None, each.default)
    }


def perform_request(ctx: Context, method: str, shape: Shape, request: ApiRequest) -> ApiAnswer | OutsideCall:
    """Perform the operation at an address, and return its answer as JSON, or what `completed_request` takes.

    Callers without a token learn nothing about addresses, and callers without the right nothing about fields.
    """
    require_actor(ctx)
    operation = match(method, shape, request.path)
    actor = require_right(ctx, operation.right)
    check_request_id(ctx.request.id)
    parameters = read_parameters(operation, request)
    if not operation.changes:
        answer = perform(ctx, operation, parameters)
        if isinstance(answer, OutsideCall):
            return answer
        return ApiAnswer(to_json(answer), operation.has_etag)
    answer = previous_answer(ctx, actor.id)
    if answer is not None:
        return ApiAnswer(answer, has_etag=False)
    made = _perform_and_record(ctx, actor, operation, parameters)
    return made if isinstance(made, OutsideCall) else ApiAnswer(to_json(made), has_etag=False)


def perform_once(ctx: Context, operation: AnyOperation, parameters: Any) -> Any:
    """Perform a change for the form of a page, which has a request id: a form that is sent twice acts once.

    Returns the answer, or what `completed` takes; of a repeated request the recorded one, with attributes of
    the same names.
    """
    actor = require_right(ctx, operation.right)
    answer = previous_answer(ctx, actor.id)
    if answer is None:
        return _perform_and_record(ctx, actor, operation, parameters)
    return _as_attributes(answer)


def _perform_and_record(ctx: Context, actor: Actor, operation: AnyOperation, parameters: Any) -> Any:
    answer = perform(ctx, operation, parameters)
    if not operation.has_secret_answer:
        record_answer(ctx, actor.id, to_json(without_personal_fields(operation.answer, answer)))
    return answer


def _as_attributes(value: Any) -> Any:
    if isinstance(value, Mapping):
        return SimpleNamespace(**{name: _as_attributes(each) for name, each in value.items()})
    return [_as_attributes(each) for each in value] if isinstance(value, list) else value
