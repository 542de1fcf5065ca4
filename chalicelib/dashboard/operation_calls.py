"""Runs the operations that pages call by name, for the actor of the session."""

from __future__ import annotations

from typing import Any

from chalicelib import services
from chalicelib.access.rights import Actor
from chalicelib.api import operation_table, perform
from chalicelib.operations.shared.context import Request, caller_of


def run_operation(actor: Actor, address: str, name: str, /, **parameters: Any) -> Any:
    """Perform an operation of the JSON API in a unit of work of its own, and return its answer.

    Args:
        actor: The actor of the session, whose right is checked.
        address: The actor's network address, for the audit log.
        name: The operation, such as `payments.retry`.
        **parameters: The fields of the operation's parameters.

    Returns:
        The operation's answer.

    """
    operation = operation_table.find(name)
    asked = operation.parameters(**parameters)
    request = Request(address=address)
    return services.current().run(perform.perform, operation, asked, caller=caller_of(actor), request=request)
