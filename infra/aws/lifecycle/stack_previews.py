"""Previews of stacks: a change set in which CloudFormation says what an update would change."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.aws.account import steps
from infra.aws.account.aws_errors import is_denied
from infra.aws.account.session import Account
from infra.aws.resources.stacks import Change, Stack, is_broken, is_updatable
from infra.problems import OperatorProblem

#: Seconds between two requests for a change set's status, and how often it is asked for.
_BETWEEN, _TRIES = 2.0, 150
#: What CloudFormation says of a change set that has nothing to change.
_NO_CHANGES: Final = ("didn't contain changes", "No updates are to be performed")
_VERBS: Final = {"Add": "adds", "Modify": "changes", "Remove": "deletes", "Import": "imports"}
#: CloudFormation's values for a resource that may, or will, be deleted and recreated.
_REPLACED: Final = {"True": "REPLACES", "Conditional": "changes or REPLACES"}


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What an update would do to one resource."""

    #: in words: adds, changes, REPLACES, ...
    verb: str
    #: the resource's name in the template, and its type
    resource: str
    kind: str
    #: the properties that change, where CloudFormation names them
    properties: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the change on one line."""
        what = f": {', '.join(self.properties)}" if self.properties else ""
        return f"{self.verb} {self.resource} ({self.kind}){what}"


@dataclass(frozen=True, slots=True)
class StackPreview:
    """What a deploy would change in one stack."""

    stack: str
    changes: tuple[ResourceChange, ...] = ()
    #: why the changes can't be shown; empty when they are
    unknown: str = ""

    def lines(self) -> list[str]:
        """Return the preview in lines, for the terminal."""
        if self.unknown:
            return [f"stack {self.stack}: {self.unknown}"]
        if not self.changes:
            return [f"stack {self.stack}: no changes"]
        return [f"stack {self.stack}:", *(f"  {change}" for change in self.changes)]


def preview(account: Account, stack: Stack, change: Change) -> StackPreview:
    """Return what `stack.apply(change)` would change, as CloudFormation computes it; nothing is changed.

    Raises OperatorProblem when CloudFormation refuses the update.
    """
    state = stack.state()
    if not state:
        return StackPreview(stack.name, unknown="it isn't there yet, so everything in it is new")
    if is_broken(state):
        return StackPreview(
            stack.name, unknown=f"it is {state} and will be deleted first, so everything in it is new"
        )
    if not is_updatable(state):
        return StackPreview(stack.name, unknown=f"it is {state}; what changes is known when that has ended")
    try:
        changes = _changes_of(account.client("cloudformation"), stack.update_request(change))
    except ClientError as error:
        if not is_denied(error):
            raise
        right = f"cloudformation:{error.operation_name}"
        return StackPreview(stack.name, unknown=f"the changes can't be shown, because {right} isn't allowed")
    return StackPreview(stack.name, changes)


def _changes_of(cloud: Any, request: Mapping[str, Any]) -> tuple[ResourceChange, ...]:
    """Return what an update of a stack would change; `request`: the arguments of `update_stack`."""
    name = f"petri-preview-{secrets.token_hex(4)}"
    chosen = {"StackName": request["StackName"], "ChangeSetName": name}
    cloud.create_change_set(**request, ChangeSetName=name, ChangeSetType="UPDATE")
    try:
        return tuple(map(_resource_change, _finished(cloud, chosen)))
    finally:
        # A change set that is left over changes nothing, and goes with its stack.
        with contextlib.suppress(BotoCoreError, ClientError):
            cloud.delete_change_set(**chosen)


def _finished(cloud: Any, chosen: Mapping[str, str]) -> Iterable[Mapping[str, Any]]:
    """Wait until CloudFormation has computed a change set, and return its changes."""
    for _ in range(_TRIES):
        found = cloud.describe_change_set(**chosen)
        status, reason = found["Status"], str(found.get("StatusReason", ""))
        if status == "CREATE_COMPLETE":
            return list(_pages(cloud, chosen, found))
        if status == "FAILED" and any(phrase in reason for phrase in _NO_CHANGES):
            return []
        if status == "FAILED":
            raise OperatorProblem(
                f"CloudFormation can't update {chosen['StackName']}: {reason.rstrip('. ')}. Fix that and run "
                "the command again."
            )
        steps.pause(_BETWEEN)
    raise OperatorProblem(
        f"CloudFormation doesn't say what would change in {chosen['StackName']}. Run the command again in a "
        "few minutes."
    )


def _pages(cloud: Any, chosen: Mapping[str, str], first: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    page = first
    yield from page.get("Changes", ())
    while page.get("NextToken"):
        page = cloud.describe_change_set(**chosen, NextToken=page["NextToken"])
        yield from page.get("Changes", ())


def _resource_change(change: Mapping[str, Any]) -> ResourceChange:
    details = change["ResourceChange"]
    targets = [detail.get("Target", {}) for detail in details.get("Details") or ()]
    properties = {str(target.get("Name") or target.get("Attribute") or "") for target in targets}
    verb = _VERBS.get(details["Action"], str(details["Action"]).lower())
    return ResourceChange(
        _REPLACED.get(str(details.get("Replacement")), verb),
        details["LogicalResourceId"],
        details["ResourceType"],
        tuple(sorted(properties - {""})),
    )
