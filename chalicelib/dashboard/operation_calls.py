"""Runs the operations that pages call by name, for the actor of the session."""

from __future__ import annotations

import hashlib
import re
import secrets
from functools import partial
from typing import Any, Final

from chalicelib import services
from chalicelib.access.rights import Actor
from chalicelib.api import operation_table, perform
from chalicelib.api.request_reader import parameters_of
from chalicelib.operations.shared.context import Request, caller_of

#: What the id of a form looks like.
_FORM_ID: Final = re.compile(r"[0-9a-f]{32}")


def new_form_id() -> str:
    """Return the id of a form, by which it acts once even if it is sent twice."""
    return secrets.token_hex(16)


def run_operation(actor: Actor, address: str, name: str, /, *, form: str = "", **parameters: Any) -> Any:
    """Perform an operation of the JSON API in a unit of work of its own, and return its answer.

    Args:
        actor: The actor of the session, whose right is checked.
        address: The actor's network address, for the audit log.
        name: The operation, such as `payments.retry`.
        form: The id of the form that was sent, or "": the same change of one form takes effect once.
        **parameters: The fields of the operation's parameters.

    Returns:
        The operation's answer.

    """
    operation = operation_table.find(name)
    asked = parameters_of(operation, parameters)
    run = partial(services.current().run, caller=caller_of(actor))
    if not (operation.changes and _FORM_ID.fullmatch(form)):
        return run(perform.perform, operation, asked, request=Request(address=address))
    change = hashlib.sha256(f"{name}|{asked!r}".encode()).hexdigest()[:24]
    request = Request(f"form:{form}:{change}", change, address)
    return run(perform.perform_once, operation, asked, request=request)
