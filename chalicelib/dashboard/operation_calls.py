"""Runs the operations that pages call by name, for the actor of the session."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Actor
from chalicelib.api import operation_table, perform
from chalicelib.api.api_operation import AnyOperation
from chalicelib.api.request_reader import parameters_of
from chalicelib.errors import Refused
from chalicelib.operations.shared.context import Request, caller_of

#: What the id of a form looks like.
_FORM_ID: Final = re.compile(r"[0-9a-f]{32}")


def new_form_id() -> str:
    """Return the id of a form, by which it acts once even if it is sent twice."""
    return secrets.token_hex(16)


def run_operation(
    actor: Actor, address: str, name: str, /, *, form: str = "", origin: str = "", **parameters: Any
) -> Any:
    """Perform an operation of the JSON API in a unit of work of its own, and return its answer.

    Args:
        actor: The actor of the session, whose right is checked.
        address: The actor's network address, for the audit log.
        name: The operation, such as `payments.retry`.
        form: The id of the form that was sent, or "": the same change of one form takes effect once.
        origin: Scheme and host of the dashboard, for links that are mailed.
        **parameters: The fields of the operation's parameters.

    Returns:
        The operation's answer.

    """
    operation = operation_table.find(name)
    asked = parameters_of(operation, parameters)
    return _run(actor, Request(address=address, dashboard=origin), operation, asked, form)


def run_for_each(
    actor: Actor, address: str, name: str, ids: Sequence[str], /, *, form: str = "", **parameters: Any
) -> list[tuple[str, Refused]]:
    """Perform an operation for each of some records, as one bulk action.

    Each change has a commit of its own, so one that is refused doesn't keep the others from being made. The
    audit log has an entry before the first change, and one after the last that says what came of it.

    Args:
        actor: The actor of the session, whose right is checked.
        address: The actor's network address, for the audit log.
        name: The operation, such as `payments.retry`.
        ids: The records.
        form: The id of the form that was sent, or "": the same change of one form takes effect once.
        **parameters: The other fields of the operation's parameters.

    Returns:
        The records for which the change was refused, each with the refusal.

    """
    operation = operation_table.find(name)
    asked: dict[str, Any] = {}
    refused: dict[str, Refused] = {}
    for one in ids:
        with _refusals(refused, one):
            asked[one] = parameters_of(operation, {**parameters, "id": one})
    request = Request(address=address)
    if len(asked) > 1:
        _run_bulk(actor, request, operation, asked, refused, form)
    else:
        for one, fields in asked.items():
            with _refusals(refused, one):
                _run(actor, request, operation, fields, form)
    return [(one, refused[one]) for one in ids if one in refused]


def _run_bulk(
    actor: Actor,
    request: Request,
    operation: AnyOperation,
    asked: dict[str, Any],
    refused: dict[str, Refused],
    form: str,
) -> None:
    """Make the changes between the two entries of a bulk action; the second is written after an error too."""
    run = partial(services.current().run, caller=caller_of(actor))
    everything = list(asked.values())
    begun = _of_form(request, form, operation.name, everything)
    run(perform.announce_bulk, operation, everything, request=begun)
    part = replace(request, is_part_of_bulk=True)
    changed: dict[str, Any] = {}
    try:
        for one, fields in asked.items():
            with _refusals(refused, one):
                _run(actor, part, operation, fields, form)
                changed[one] = fields
    finally:
        codes = {one: refusal.code for one, refusal in refused.items()}
        missed = [one for one in asked if one not in changed and one not in refused]
        made = list(changed.values())
        ended = _of_form(request, form, f"{operation.name}{perform.RESULT}", (everything, codes, missed))
        run(perform.conclude_bulk, operation, made, codes, missed, request=ended)


@contextmanager
def _refusals(refused: dict[str, Refused], one: str) -> Iterator[None]:
    try:
        yield
    except Refused as refusal:
        refused[one] = refusal


def _run(actor: Actor, request: Request, operation: AnyOperation, asked: Any, form: str) -> Any:
    run = partial(services.current().run, caller=caller_of(actor))
    if not (operation.changes and _FORM_ID.fullmatch(form)):
        return perform.completed(services.current(), run(perform.perform, operation, asked, request=request))
    known = _of_form(request, form, operation.name, asked)
    return perform.completed(services.current(), run(perform.perform_once, operation, asked, request=known))


def _of_form(request: Request, form: str, name: str, asked: Any) -> Request:
    """Return a request with the id of a form's change, by which the change is made once."""
    if not _FORM_ID.fullmatch(form):
        return request
    change = hashlib.sha256(f"{name}|{asked!r}".encode()).hexdigest()[:24]
    return replace(request, id=f"form:{form}:{change}", fingerprint=change)
