"""What each function may do at AWS, written by hand: nothing that its code doesn't do.

Chalice makes one role for each function from these policies; it guesses only what `app.py` itself calls. Each
grant gives its reason. The rehearsal records every call that a function makes and compares, both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.messaging.aws_partitions import partition_of
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.settings import Settings, SettingsLike

from .names import API, FUNCTIONS, Names

ON_MESSAGE, ON_TICK = "on_message", "on_tick"
CONNECT, HEARD, DISCONNECT = "websocket_connect", "websocket_message", "websocket_disconnect"


@dataclass(frozen=True, slots=True)
class PolicyScope:
    """Where an app's resources are; `*` for what isn't known yet."""

    names: Names
    function: str
    account: str
    region: str
    websocket_api: str
    sender: str

    def arn(self, service: str, resource: str) -> str:
        """Name a resource of this account and region."""
        return f"arn:{partition_of(self.region)}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions on a resource, and why a function needs them."""

    name: str
    reason: str
    actions: tuple[str, ...]
    #: Functions that make these calls themselves.
    functions: tuple[str, ...]
    resource: Callable[[PolicyScope], str | list[str]]
    condition: Callable[[PolicyScope], dict[str, Any]] | None = None
    #: AWS makes the calls, with the function's role: no code of ours does.
    by_aws: bool = False
    #: Why a run may end without one of these calls, by action; empty for what every run shows.
    seldom: Mapping[str, str] = field(default_factory=dict)


def _table(place: PolicyScope) -> str:
    return place.arn("dynamodb", f"table/{place.names.table}")


def _queues(place: PolicyScope) -> list[str]:
    return [place.arn("sqs", name) for name in place.names.queues.values()]


def _connections(method: str) -> Callable[[PolicyScope], str]:
    # The API's id is known only after Chalice has made it, and the roles come before it.
    return lambda place: place.arn("execute-api", f"{place.websocket_api}/api/{method}/@connections/*")


_LARGE = "Only a commit above 100 items checks items that it doesn't write."
_MANY = "Only what deletes or replaces records: which do depends on the experiment."

GRANTS: Final = (
    Grant(
        "Log",
        "Lambda writes what a function logs. Log groups are made when deploying, so that each has an end: "
        "no function may make its own.",
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        FUNCTIONS,
        lambda place: place.arn("logs", f"log-group:{place.names.log_group(place.function)}:*"),
        by_aws=True,
    ),
    Grant(
        "ReadSecrets",
        "Read once, when a function starts. The key of the parameter is AWS's own for SSM, whose policy lets "
        "everybody decrypt who may read the parameter.",
        ("ssm:GetParameter",),
        (API, ON_MESSAGE, CONNECT),
        lambda place: place.arn("ssm", f"parameter{place.names.secrets}"),
    ),
    Grant(
        "ReadSecrets",
        "These check no token and ask no recruiter, but a hook of the author may read a secret setting.",
        ("ssm:GetParameter",),
        (ON_TICK, HEARD, DISCONNECT),
        lambda place: place.arn("ssm", f"parameter{place.names.secrets}"),
        seldom={"ssm:GetParameter": "Only where the experiment reads a secret setting of its own here."},
    ),
    Grant(
        "ReadVendorSecrets",
        "Keys of recruiters and of the mail server: for what pays, recruits, mails, and checks who comes.",
        ("ssm:GetParameter",),
        (API, ON_MESSAGE),
        lambda place: place.arn("ssm", f"parameter{place.names.vendor_secrets}"),
    ),
    Grant(
        "ReadAndWriteRecords",
        "Every door runs operations, and hooks of the author in them. Nothing scans: exports are the "
        "operator's. A transaction needs the rights of its parts.",
        (
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:DeleteItem",
            "dynamodb:ConditionCheckItem",
        ),
        FUNCTIONS,
        _table,
        seldom={"dynamodb:ConditionCheckItem": _LARGE, "dynamodb:DeleteItem": _MANY},
    ),
    Grant(
        "ReadSeveralRecords",
        "Requests and messages read a few records by key in one call.",
        ("dynamodb:BatchGetItem",),
        (API, ON_MESSAGE),
        _table,
    ),
    Grant(
        "ReadSeveralRecords",
        "Hooks of the author run at these doors too, and may ask for several nodes or participants.",
        ("dynamodb:BatchGetItem",),
        (ON_TICK, CONNECT, HEARD, DISCONNECT),
        _table,
        seldom={"dynamodb:BatchGetItem": "Only hooks of the author read several records at once here."},
    ),
    Grant(
        "ReadCollections",
        "What lies at a node, in a channel, in the lobby, what is due.",
        ("dynamodb:Query",),
        (API, ON_MESSAGE, ON_TICK, CONNECT, HEARD),
        _table,
    ),
    Grant(
        "ReadCollections",
        "Who else listens is told that somebody left, where the experiment wants to hear of it.",
        ("dynamodb:Query",),
        (DISCONNECT,),
        _table,
        seldom={"dynamodb:Query": "Only where somebody in the channel is to be told."},
    ),
    Grant(
        "CountUp",
        "Participants, notifications and recruitments are numbered by a counter; requests and messages make "
        "them, sockets and the clock don't.",
        ("dynamodb:UpdateItem",),
        (API, ON_MESSAGE),
        _table,
    ),
    Grant(
        "SendMessages",
        "What a commit recorded is sent after it, to the queue of its lane, which is found by its name.",
        ("sqs:SendMessage", "sqs:GetQueueUrl"),
        (API, ON_MESSAGE, CONNECT, HEARD, DISCONNECT),
        _queues,
    ),
    Grant(
        "SendMessages",
        "What nobody sent after its commit is sent by the clock.",
        ("sqs:SendMessage", "sqs:GetQueueUrl"),
        (ON_TICK,),
        _queues,
        seldom=dict.fromkeys(
            ("sqs:SendMessage", "sqs:GetQueueUrl"),
            "Only what a crash left, or what waits long.",
        ),
    ),
    Grant(
        "ComeAgainLater",
        "A message that failed comes again after a pause that grows, not after the queue's own.",
        ("sqs:ChangeMessageVisibility",),
        (ON_MESSAGE,),
        _queues,
        seldom={"sqs:ChangeMessageVisibility": "Only a message that fails comes again."},
    ),
    Grant(
        "TakeMessages",
        "Lambda's pollers ask the queues, with this function's role.",
        ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        (ON_MESSAGE,),
        _queues,
        by_aws=True,
    ),
    Grant(
        "WakeTheClock",
        "Whoever records something to be done sees that the clock rings.",
        ("events:EnableRule",),
        FUNCTIONS,
        lambda place: place.arn("events", f"rule/{place.names.tick_rule}"),
        seldom={"events:EnableRule": "Only the first one who finds the clock asleep wakes it."},
    ),
    Grant(
        "LetTheClockSleep",
        "A tick that finds nothing left to do switches the clock off.",
        ("events:DisableRule",),
        (ON_TICK,),
        lambda place: place.arn("events", f"rule/{place.names.tick_rule}"),
        seldom={"events:DisableRule": "Only when for a quarter of an hour there was nothing to do."},
    ),
    Grant(
        "SendToSockets",
        "What participants are told: by messages, and by others' frames.",
        ("execute-api:ManageConnections",),
        (ON_MESSAGE, HEARD),
        _connections("POST"),
    ),
    Grant(
        "CloseSockets",
        "Of pages that are silent (the clock), and of those that send far too much (whoever hears them).",
        ("execute-api:ManageConnections",),
        (ON_TICK, HEARD),
        _connections("DELETE"),
        seldom={"execute-api:ManageConnections": "Only sockets that are silent, or flood."},
    ),
)

MAIL: Final = Grant(
    "MailTheOperator",
    "With mailer = ses. While an account is in SES's sandbox the recipient's identity is asked about too, so "
    "any identity of the account will do, but only the configured sender may be on the letter.",
    ("ses:SendEmail",),
    (ON_MESSAGE,),
    lambda place: place.arn("ses", "identity/*"),
    condition=lambda place: {"StringEquals": {"ses:FromAddress": place.sender}},
    seldom={"ses:SendEmail": "Only when the operator is to be told something."},
)

MECHANICAL_TURK: Final = Grant(
    "AskMechanicalTurk",
    "Where no requester's keys are set, the requester is this account. Mechanical Turk knows no resources: "
    "AWS allows nothing but `*` here.",
    tuple(
        f"mechanicalturk:{operation}"
        for operation in (
            "ApproveAssignment",
            "AssociateQualificationWithWorker",
            "CreateAdditionalAssignmentsForHIT",
            "CreateHITType",
            "CreateHITWithHITType",
            "CreateQualificationType",
            "GetAccountBalance",
            "GetAssignment",
            "GetHIT",
            "ListAssignmentsForHIT",
            "ListBonusPayments",
            "ListHITs",
            "ListQualificationTypes",
            "SendBonus",
            "UpdateExpirationForHIT",
            "UpdateNotificationSettings",
        )
    ),
    (ON_MESSAGE,),
    lambda place: "*",  # noqa: ARG005 - resources are named by place, and this one has none
)


def policy(
    function: str,
    names: Names,
    account: str = "*",
    region: str = "*",
    *,
    settings: SettingsLike | None = None,
    websocket_api: str = "*",
) -> dict[str, Any]:
    """Return the policy of one of FUNCTIONS, as IAM takes it.

    `settings`: the experiment's, which say whether mail goes through SES and whether Mechanical Turk is
    asked with the function's own role.
    """
    sender = "" if settings is None else str(settings.get("dallinger_email_address") or "")
    place = PolicyScope(names, function, account, region, websocket_api, sender)
    return {
        "Version": "2012-10-17",
        "Statement": [_statement(grant, place) for grant in grants_of(function, settings)],
    }


def grants_of(function: str, settings: SettingsLike | None = None) -> list[Grant]:
    """Return what a function is granted under these settings."""
    if function not in FUNCTIONS:
        raise ValueError(f"There is no function {function!r}; there are {', '.join(FUNCTIONS)}.")
    return [grant for grant in (*GRANTS, *_by_settings(settings)) if function in grant.functions]


def calls_allowed(function: str, settings: SettingsLike | None = None) -> set[str]:
    """Return the actions that a function's own code may take; `actions_of` says which a call takes."""
    return _actions(grant for grant in grants_of(function, settings) if not grant.by_aws)


def calls_by_aws(function: str) -> set[str]:
    """Return the actions that AWS takes with a function's role: no call of ours shows them."""
    return _actions(grant for grant in grants_of(function) if grant.by_aws)


def calls_seldom(function: str, settings: SettingsLike | None = None) -> dict[str, str]:
    """Return the actions that a whole run may go without, and why; the others have to be seen."""
    grants = [grant for grant in grants_of(function, settings) if not grant.by_aws]
    seen = {action for grant in grants for action in grant.actions if action not in grant.seldom}
    return {action: why for grant in grants for action, why in grant.seldom.items() if action not in seen}


#: Calls whose actions have another name, or several.
_OTHER_NAMES: Final = {
    ("sqs", "SendMessageBatch"): "sqs:SendMessage",
    ("apigatewaymanagementapi", "PostToConnection"): "execute-api:ManageConnections",
    ("apigatewaymanagementapi", "DeleteConnection"): "execute-api:ManageConnections",
}
_PARTS: Final = {
    "Put": "dynamodb:PutItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Update": "dynamodb:UpdateItem",
}
_PREFIXES: Final = {"mturk": "mechanicalturk"}


def actions_of(service: str, operation: str, given: Mapping[str, Any]) -> set[str]:
    """Return the actions that IAM asks for when a call is made, named as botocore names it."""
    if (service, operation) == ("dynamodb", "TransactWriteItems"):
        return {_PARTS[part] for item in given["TransactItems"] for part in item}
    named = _OTHER_NAMES.get((service, operation))
    return {named or f"{_PREFIXES.get(service, service)}:{operation}"}


def _by_settings(settings: SettingsLike | None) -> Iterable[Grant]:
    if settings is None:
        return
    if str(settings.get("mailer") or "") == "ses":
        yield MAIL
    if "mturk" in recruiter_names(Settings(settings)) and not settings.get("aws_access_key_id"):
        yield MECHANICAL_TURK


def _actions(grants: Iterable[Grant]) -> set[str]:
    return {action for grant in grants for action in grant.actions}


def _statement(grant: Grant, place: PolicyScope) -> dict[str, Any]:
    statement: dict[str, Any] = {
        "Sid": grant.name,
        "Effect": "Allow",
        "Action": list(grant.actions),
        "Resource": grant.resource(place),
    }
    if grant.condition is not None:
        statement["Condition"] = grant.condition(place)
    return statement
