"""Creates, updates and deletes CloudFormation stacks, from whatever state they are in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.aws.account import steps
from infra.aws.account.aws_errors import VERIFY_ACCOUNT, code_of, is_unverified
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.problems import OperatorProblem

#: Seconds between two polls of a stack, and the timeout of a change.
LOOK_EVERY: Final = 3.0
PATIENCE: Final = 60 * 60.0
#: The maximum size of a template in a request.
MOST_TEMPLATE: Final = 51_200
APP_TAG, STAGE_TAG = "petri:app", "petri:stage"
#: States after a failed creation or deletion: the stack is deleted and created again.
_BROKEN: Final = {
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "CREATE_FAILED",
    "DELETE_FAILED",
    "REVIEW_IN_PROGRESS",
}
_STUCK: Final = "UPDATE_ROLLBACK_FAILED"
_GOOD: Final = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
#: States in which an update can begin.
_UPDATABLE: Final = {*_GOOD, "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
_NO_CHANGE: Final = "No updates are to be performed"
_STACK: Final = "AWS::CloudFormation::Stack"
_BEGINS: Final = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}
#: Words of a reason that only reports the failure of another resource.
_CONSEQUENCE: Final = ("cancelled", "canceled")

Tell = Callable[[str], None]


def is_broken(state: str) -> bool:
    """Whether a stack in this state is deleted and recreated by `Stack.apply`."""
    return state in _BROKEN


def is_updatable(state: str) -> bool:
    """Whether a stack in this state can be updated right away."""
    return state in _UPDATABLE


def tags_of(names: Names) -> dict[str, str]:
    """Return the tags of all resources of an app."""
    return {APP_TAG: names.app, STAGE_TAG: names.stage}


@dataclass(frozen=True)
class Change:
    """The wanted state of a stack."""

    template: str
    #: None: the current value, or the template's default.
    parameters: Mapping[str, str | None]
    tags: Mapping[str, str]


class Stack:
    """One stack by its name."""

    def __init__(self, account: Account, name: str) -> None:
        """Open a stack of the account by name."""
        self.name = name
        self._cloud = account.client("cloudformation")

    def look(self) -> dict[str, Any] | None:
        """Return CloudFormation's description of the stack; None without a stack."""
        try:
            found = self._cloud.describe_stacks(StackName=self.name)["Stacks"]
        except ClientError as error:
            if code_of(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise
        return dict(found[0]) if found and found[0]["StackStatus"] != "DELETE_COMPLETE" else None

    def parameters(self) -> dict[str, str]:
        """Return the stack's current parameters; empty without a stack."""
        found = (self.look() or {}).get("Parameters", ())
        return {each["ParameterKey"]: each["ParameterValue"] for each in found}

    def state(self) -> str:
        """Return CloudFormation's word for the stack's state; empty without a stack."""
        return str((self.look() or {}).get("StackStatus", ""))

    def outputs(self) -> dict[str, str]:
        """Return the outputs of the stack; empty without a stack."""
        return _outputs(self.look() or {})

    def belongs_to(self, names: Names) -> bool:
        """Whether the stack exists and belongs to this app."""
        found = self.look()
        tags = {tag["Key"]: tag["Value"] for tag in (found or {}).get("Tags", [])}
        return tags_of(names).items() <= tags.items()

    def apply(self, change: Change, tell: Tell) -> dict[str, str]:
        """Create or update the stack, wait, and return its outputs; idempotent.

        Raises OperatorProblem with the reason of the resource that failed, after CloudFormation's rollback.
        """
        if len(change.template.encode()) > MOST_TEMPLATE:
            raise OperatorProblem(
                f"The template of {self.name} is longer than CloudFormation allows. Report this as a bug."
            )
        state = self._settled(tell)
        if state == _STUCK:
            tell(f"{self.name}: is rolled back to its last good state first")
            self._cloud.continue_update_rollback(StackName=self.name)
            state = self._settled(tell)
        if state in _BROKEN:
            tell(f"{self.name}: an earlier attempt failed; its remains are deleted first")
            self.delete(tell)
            state = None
        if state is None:
            self._create(change)
        elif not self._update(change):
            return self.outputs()
        ended = self._settled(tell)
        if ended not in _GOOD:
            raise OperatorProblem(self._why(ended))
        return self.outputs()

    def delete(self, tell: Tell) -> bool:
        """Delete the stack and wait; False when there was none."""
        if self._settled(tell) is None:
            return False
        self._cloud.delete_stack(StackName=self.name)
        ended = self._settled(tell)
        if ended is not None:
            raise OperatorProblem(self._why(ended))
        return True

    def _create(self, change: Change) -> None:
        try:
            self._cloud.create_stack(
                **self._wanted(change, {}), ClientRequestToken=f"petri-{secrets.token_hex(8)}"
            )
        except ClientError as error:
            if code_of(error) != "AlreadyExistsException":
                raise
            raise OperatorProblem(
                f"Another operator is creating {self.name} at this moment. Wait until they have finished, "
                "then run the command again."
            ) from error

    def _update(self, change: Change) -> bool:
        """Start an update; False when there is nothing to change."""
        try:
            self._cloud.update_stack(**self.update_request(change))
        except ClientError as error:
            if _NO_CHANGE in str(error):
                return False
            raise
        return True

    def update_request(self, change: Change) -> dict[str, Any]:
        """Return the arguments with which CloudFormation updates the stack, or creates a change set of it."""
        return self._wanted(change, self.look() or {})

    def _wanted(self, change: Change, now: Mapping[str, Any]) -> dict[str, Any]:
        before = {each["ParameterKey"]: each["ParameterValue"] for each in now.get("Parameters", ())}
        wanted = {
            key: before.get(key) if value is None else value for key, value in change.parameters.items()
        }
        given = {key: value for key, value in wanted.items() if value is not None}
        return {
            "StackName": self.name,
            "TemplateBody": change.template,
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            "Tags": [{"Key": key, "Value": value} for key, value in change.tags.items()],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        }

    def _settled(self, tell: Tell) -> str | None:
        """Wait until no change is in progress, and return the stack's state; None without a stack."""
        waited, last = 0.0, ""
        while (found := self.look()) is not None:
            state = str(found["StackStatus"])
            if not state.endswith("_IN_PROGRESS") or state == "REVIEW_IN_PROGRESS":
                return state
            if state != last:
                tell(f"{self.name}: {state.removesuffix('_IN_PROGRESS').lower().replace('_', ' ')} under way")
                last = state
            if waited >= PATIENCE:
                raise OperatorProblem(
                    f"{self.name} is still {state} after an hour. Check it in the AWS console under "
                    "CloudFormation; when it has finished, run the command again."
                )
            steps.pause(LOOK_EVERY)
            waited += LOOK_EVERY
        return None

    def _why(self, state: str | None) -> str:
        """Return the reason of the resource that failed first."""
        for event in reversed(self._events()):
            reason = " ".join(str(event.get("ResourceStatusReason", "")).split()).rstrip(". ")
            failed = event["ResourceStatus"].endswith("_FAILED")
            if failed and reason and not any(word in reason.lower() for word in _CONSEQUENCE):
                what = f"{event.get('LogicalResourceId')} ({event.get('ResourceType')})"
                return f"{self.name}: {what} failed: {reason}. {_repair(reason)}"
        ended = state or "deleted"
        return (
            f"{self.name} ended as {ended} without a reason. Check it in the AWS console under "
            "CloudFormation."
        )

    def _events(self) -> list[dict[str, Any]]:
        """Return the events since the last change started, newest first."""
        found: list[dict[str, Any]] = []
        for page in self._cloud.get_paginator("describe_stack_events").paginate(StackName=self.name):
            for event in page["StackEvents"]:
                found.append(event)
                if event["ResourceType"] == _STACK and event["ResourceStatus"] in _BEGINS:
                    return found
        return found


def _repair(reason: str) -> str:
    if is_unverified(reason):
        return VERIFY_ACCOUNT
    if "already exists" in reason.lower():
        return (
            "A resource with that name exists already, elsewhere or left over: choose another --app, or "
            "delete it."
        )
    if "limit" in reason.lower() or "quota" in reason.lower():
        return "Delete what isn't needed (`petri apps` lists the apps), or request a higher quota."
    return "Fix that and run the command again."


def _outputs(found: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
