"""The IAM policy of each function, written by hand and limited to what its code does.

Chalice creates one role for each function from these policies; its own policy generation sees only what
`app.py` itself calls. Each grant states its reason. The rehearsal records every call that a function makes
and compares them with the grants, both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chalicelib.export.archive import CODE
from chalicelib.messaging.aws_partitions import partition_of
from chalicelib.model import keys
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.settings import Settings, SettingsLike
from chalicelib.storage.files.s3_exports import PREFIX as EXPORTS
from chalicelib.storage.files.s3_files import KEPT, PENDING, PUBLISHED
from chalicelib.storage.files.s3_seals import PREFIX as SEALS

from .names import API, FUNCTIONS, Names

ON_MESSAGE, ON_TICK = "on_message", "on_tick"
CONNECT, HEARD, DISCONNECT = "websocket_connect", "websocket_message", "websocket_disconnect"


@dataclass(frozen=True, slots=True)
class PolicyScope:
    """The account, region and names that policies are limited to; `*` for an unknown one."""

    names: Names
    function: str
    account: str
    region: str
    websocket_api: str
    sender: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
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
    #: AWS makes the calls with the function's role, not Petri's code.
    by_aws: bool = False
    #: Why a run can end without one of these calls, by action; empty for calls that every run makes.
    seldom: Mapping[str, str] = field(default_factory=dict)


def _table(place: PolicyScope) -> str:
    return place.arn("dynamodb", f"table/{place.names.table}")


def _queues(place: PolicyScope) -> list[str]:
    return [place.arn("sqs", name) for name in place.names.queues.values()]


def _connections(method: str) -> Callable[[PolicyScope], str]:
    # The API's id is known only after Chalice has created it, and the roles are created first.
    return lambda place: place.arn("execute-api", f"{place.websocket_api}/api/{method}/@connections/*")


def _files(place: PolicyScope) -> str:
    return place.names.files_bucket(place.account)


def _site(place: PolicyScope) -> str:
    return place.names.site_bucket(place.account)


def _seals(place: PolicyScope) -> str:
    return f"arn:{partition_of(place.region)}:s3:::{place.names.seal_bucket(place.account)}"


_SEALING = "Only an hour after a change that the audit log records."
_UPLOADS = "Only where a study asks for files."
_MATERIALS = "Only where a researcher changes assets on the dashboard."
_EXPORTING = "Only export jobs, which the dashboard begins."
_LARGE = "Only a commit above 100 items checks items that it doesn't write."
_MANY = "Only operations that delete or replace records, which depends on the experiment."

GRANTS: Final = (
    Grant(
        "Log",
        "Lambda writes a function's logs. Deploying creates the log groups, so that each has a retention "
        "period: no function may create its own.",
        ("logs:CreateLogStream", "logs:PutLogEvents"),
        FUNCTIONS,
        lambda place: place.arn("logs", f"log-group:{place.names.log_group(place.function)}:*"),
        by_aws=True,
    ),
    Grant(
        "ReadLogs",
        "The dashboard's pages Log and Overview show errors and the latest lines of this app's functions. No "
        "other log group can be read.",
        ("logs:FilterLogEvents",),
        (API,),
        lambda place: [
            place.arn("logs", f"log-group:{place.names.log_group(function)}:*") for function in FUNCTIONS
        ],
        seldom={"logs:FilterLogEvents": "Only when a person opens one of these pages."},
    ),
    Grant(
        "ReadSecrets",
        "Read once, when a function starts. The key of the parameter is AWS's own for SSM, whose policy "
        "lets every principal that may read the parameter decrypt it.",
        ("ssm:GetParameter",),
        (API, ON_MESSAGE, CONNECT),
        lambda place: place.arn("ssm", f"parameter{place.names.secrets}"),
    ),
    Grant(
        "ReadSecrets",
        "These functions check no token and call no recruiter, but an author's hook may read a secret "
        "setting.",
        ("ssm:GetParameter",),
        (ON_TICK, HEARD, DISCONNECT),
        lambda place: place.arn("ssm", f"parameter{place.names.secrets}"),
        seldom={"ssm:GetParameter": "Only where the experiment reads a secret setting of its own here."},
    ),
    Grant(
        "ReadVendorSecrets",
        "The keys of recruiters and of the mail server, for functions that pay, recruit, send mail, check "
        "participants, or show a recruiter's account on the dashboard.",
        ("ssm:GetParameter",),
        (API, ON_MESSAGE),
        lambda place: place.arn("ssm", f"parameter{place.names.vendor_secrets}"),
    ),
    Grant(
        "ReadAndWriteRecords",
        "Every handler runs operations, and the author's hooks in them. None scans: the operator makes "
        "exports. A transaction needs the rights of its parts.",
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
        "The author's hooks run in these handlers too, and may read several nodes or participants.",
        ("dynamodb:BatchGetItem",),
        (ON_TICK, CONNECT, HEARD, DISCONNECT),
        _table,
        seldom={"dynamodb:BatchGetItem": "Only the author's hooks read several records at once here."},
    ),
    Grant(
        "ReadCollections",
        "The items of a node, of a channel, in the lobby, and those that are due.",
        ("dynamodb:Query",),
        (API, ON_MESSAGE, ON_TICK, CONNECT, HEARD),
        _table,
    ),
    Grant(
        "ReadCollections",
        "The other subscribers are notified that a participant left, if the experiment wants that.",
        ("dynamodb:Query",),
        (DISCONNECT,),
        _table,
        seldom={"dynamodb:Query": "Only with other subscribers in the channel."},
    ),
    Grant(
        "CountUp",
        "A counter numbers participants, notifications and recruitments. Requests and messages create them, "
        "sockets and the clock don't.",
        ("dynamodb:UpdateItem",),
        (API, ON_MESSAGE),
        _table,
    ),
    Grant(
        "SendMessages",
        "Messages that a commit recorded are sent after it to the queue of their lane, whose URL is looked "
        "up by name.",
        ("sqs:SendMessage", "sqs:GetQueueUrl"),
        (API, ON_MESSAGE, CONNECT, HEARD, DISCONNECT),
        _queues,
    ),
    Grant(
        "SendMessages",
        "The clock sends messages that were not sent after their commit.",
        ("sqs:SendMessage", "sqs:GetQueueUrl"),
        (ON_TICK,),
        _queues,
        seldom=dict.fromkeys(
            ("sqs:SendMessage", "sqs:GetQueueUrl"),
            "Only messages that a crash left behind, or that are due much later.",
        ),
    ),
    Grant(
        "ComeAgainLater",
        "A failed message is retried with exponential backoff instead of the queue's visibility timeout.",
        ("sqs:ChangeMessageVisibility",),
        (ON_MESSAGE,),
        _queues,
        seldom={"sqs:ChangeMessageVisibility": "Only after a message has failed."},
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
        "A handler that records future work enables the clock's schedule.",
        ("events:EnableRule",),
        FUNCTIONS,
        lambda place: place.arn("events", f"rule/{place.names.tick_rule}"),
        seldom={"events:EnableRule": "Only the first handler that finds the schedule disabled enables it."},
    ),
    Grant(
        "LetTheClockSleep",
        "A tick that finds nothing left to do disables the schedule.",
        ("events:DisableRule",),
        (ON_TICK,),
        lambda place: place.arn("events", f"rule/{place.names.tick_rule}"),
        seldom={"events:DisableRule": "Only when there was nothing to do for a quarter of an hour."},
    ),
    Grant(
        "FindUploads",
        "Without it, S3 answers that access is denied for a file that hasn't arrived.",
        ("s3:ListBucket",),
        (API,),
        lambda place: f"arn:{partition_of(place.region)}:s3:::{_files(place)}",
        seldom={"s3:ListBucket": _UPLOADS},
    ),
    Grant(
        "TakeUploads",
        "Forms for uploads are signed with the function's role, so they can write what it can. A file is "
        "read to check it, and copied when an answer refers to it.",
        ("s3:PutObject", "s3:GetObject"),
        (API,),
        lambda place: [
            f"arn:{partition_of(place.region)}:s3:::{_files(place)}/{prefix}*" for prefix in (PENDING, KEPT)
        ],
        seldom=dict.fromkeys(("s3:PutObject", "s3:GetObject"), _UPLOADS),
    ),
    Grant(
        "FindAssets",
        "Without it, S3 answers that access is denied for an asset that isn't published yet.",
        ("s3:ListBucket",),
        (API,),
        lambda place: f"arn:{partition_of(place.region)}:s3:::{_site(place)}",
        seldom={"s3:ListBucket": _MATERIALS},
    ),
    Grant(
        "PublishAssets",
        "A picture, sound or video that a researcher has uploaded is copied to where CloudFront finds it. No "
        "function writes a page.",
        ("s3:PutObject", "s3:GetObject"),
        (API,),
        lambda place: f"arn:{partition_of(place.region)}:s3:::{_site(place)}/{PUBLISHED}*",
        seldom=dict.fromkeys(("s3:PutObject", "s3:GetObject"), _MATERIALS),
    ),
    Grant(
        "RemoveAssets",
        "An asset that was deleted 30 days ago is removed.",
        ("s3:DeleteObject",),
        (ON_MESSAGE,),
        lambda place: f"arn:{partition_of(place.region)}:s3:::{_site(place)}/{PUBLISHED}*",
        seldom={"s3:DeleteObject": _MATERIALS},
    ),
    Grant(
        "FindExportFiles",
        "The files of an export that isn't needed any more are listed, to remove them. Without it, S3 "
        "answers that access is denied for an uploaded file that was erased while an export is written.",
        ("s3:ListBucket",),
        (ON_MESSAGE,),
        lambda place: f"arn:{partition_of(place.region)}:s3:::{_files(place)}",
        seldom={"s3:ListBucket": _EXPORTING},
    ),
    Grant(
        "WriteExports",
        "Export jobs write the parts of an export, read them again to compose the zip, and remove them.",
        ("s3:PutObject", "s3:GetObject", "s3:DeleteObject"),
        (ON_MESSAGE,),
        lambda place: f"arn:{partition_of(place.region)}:s3:::{_files(place)}/{EXPORTS}*",
        seldom=dict.fromkeys(("s3:PutObject", "s3:GetObject", "s3:DeleteObject"), _EXPORTING),
    ),
    Grant(
        "ReadUploads",
        "An export can contain the files that participants uploaded.",
        ("s3:GetObject",),
        (ON_MESSAGE,),
        lambda place: [
            f"arn:{partition_of(place.region)}:s3:::{_files(place)}/{prefix}*" for prefix in (PENDING, KEPT)
        ],
        seldom={"s3:GetObject": _EXPORTING},
    ),
    Grant(
        "RemoveFiles",
        "The uploaded files of a participant who is erased are deleted, and the packages of an entry that is "
        "removed from the library.",
        ("s3:DeleteObject",),
        (ON_MESSAGE,),
        lambda place: [
            f"arn:{partition_of(place.region)}:s3:::{_files(place)}/{prefix}*" for prefix in (PENDING, KEPT)
        ],
        seldom={"s3:DeleteObject": "Only where a person is erased, or an entry of the library is removed."},
    ),
    Grant(
        "ReadCode",
        "An export contains the code that was deployed, and the code book of a study, which is in it.",
        ("s3:GetObject",),
        (ON_MESSAGE,),
        lambda place: (
            f"arn:{partition_of(place.region)}:s3:::{place.names.keep_bucket(place.account)}/{CODE}"
        ),
        seldom={"s3:GetObject": _EXPORTING},
    ),
    Grant(
        "SendExports",
        "Links to finished exports are signed with the function's role, so they can read what it can.",
        ("s3:GetObject",),
        (API,),
        lambda place: f"arn:{partition_of(place.region)}:s3:::{_files(place)}/{EXPORTS}*",
        seldom={"s3:GetObject": "The browser that opens a link makes the call."},
    ),
    Grant(
        "FindSeals",
        "Which seals of the audit log are kept is read, so that a seal whose keeping failed is kept later.",
        ("s3:ListBucketVersions",),
        (ON_MESSAGE,),
        _seals,
        seldom={"s3:ListBucketVersions": _SEALING},
    ),
    Grant(
        "KeepSeals",
        "New seals of the audit log, each of which the bucket locks. No function deletes one, or changes how "
        "long it is locked.",
        ("s3:PutObject",),
        (ON_MESSAGE,),
        lambda place: f"{_seals(place)}/{SEALS}*",
        seldom={"s3:PutObject": _SEALING},
    ),
    Grant(
        "SendToSockets",
        "Sends frames to participants, because of messages and of other participants' frames.",
        ("execute-api:ManageConnections",),
        (ON_MESSAGE, HEARD),
        _connections("POST"),
    ),
    Grant(
        "CloseSockets",
        "Closes connections of silent pages (the clock), and of those that exceed the rate limit (any "
        "receiver).",
        ("execute-api:ManageConnections",),
        (ON_TICK, HEARD),
        _connections("DELETE"),
        seldom={
            "execute-api:ManageConnections": "Only for sockets that are silent or exceed the rate limit."
        },
    ),
)

MAIL: Final = Grant(
    "MailTheOperator",
    "With mailer = ses. While an account is in SES's sandbox, SES checks the recipient's identity too, so "
    "every identity of the account is allowed, but only with the configured sender.",
    ("ses:SendEmail", "ses:SendRawEmail"),
    (ON_MESSAGE,),
    lambda place: place.arn("ses", "identity/*"),
    condition=lambda place: {"StringEquals": {"ses:FromAddress": place.sender}},
    seldom={
        "ses:SendEmail": "Only when the operator is to be notified.",
        "ses:SendRawEmail": "Only where a study reminds participants of its sessions by email.",
    },
)

MECHANICAL_TURK: Final = Grant(
    "AskMechanicalTurk",
    "Without the requester's keys, this account is the requester. Mechanical Turk has no resource types, so "
    "AWS allows only `*` here.",
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
            "NotifyWorkers",
            "SendBonus",
            "UpdateExpirationForHIT",
            "UpdateNotificationSettings",
        )
    ),
    (ON_MESSAGE,),
    lambda place: "*",  # noqa: ARG005 - resources are named by place, and this one has none
)
READ_MECHANICAL_TURK: Final = Grant(
    "ReadMechanicalTurk",
    "Without the requester's keys: the dashboard shows HITs, the balance and qualifications, and workers are "
    "let in if they have an assignment. It changes nothing.",
    tuple(
        f"mechanicalturk:{operation}"
        for operation in (
            "GetAccountBalance",
            "GetAssignment",
            "GetHIT",
            "ListAssignmentsForHIT",
            "ListQualificationTypes",
            "ListWorkersWithQualificationType",
        )
    ),
    (API,),
    lambda place: "*",  # noqa: ARG005 - as above
    seldom={
        f"mechanicalturk:{operation}": "Only when a person opens the page Recruitment."
        for operation in (
            "GetAccountBalance",
            "ListAssignmentsForHIT",
            "ListQualificationTypes",
            "ListWorkersWithQualificationType",
        )
    },
)
LAB_KEYS: Final = Grant(
    "ReadLabKeys",
    "In a lab: the function that serves its dashboard signs what the lab states about its users. Only the "
    "operator writes the keys, and no other function reads them.",
    ("ssm:GetParameter",),
    (API,),
    lambda place: place.arn("ssm", f"parameter{place.names.lab_keys}"),
    seldom={"ssm:GetParameter": "Only when a person opens the page Apps or an app."},
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
    """Return the IAM policy document for one of FUNCTIONS.

    `settings`: the experiment's, which decide whether mail goes through SES, whether Mechanical Turk is
    called with the function's own role, and whether this is a lab.
    """
    sender = "" if settings is None else str(settings.get("dallinger_email_address") or "")
    place = PolicyScope(names, function, account, region, websocket_api, sender)
    return {
        "Version": "2012-10-17",
        "Statement": [
            *(_statement(grant, place) for grant in grants_of(function, settings)),
            _keep_audit_log(place),
        ],
    }


def grants_of(function: str, settings: SettingsLike | None = None) -> list[Grant]:
    """Return a function's grants under these settings."""
    if function not in FUNCTIONS:
        raise ValueError(f"There is no function {function!r}; there are {', '.join(FUNCTIONS)}.")
    return [grant for grant in (*GRANTS, *_by_settings(settings)) if function in grant.functions]


def calls_allowed(function: str, settings: SettingsLike | None = None) -> set[str]:
    """Return the actions that a function's own code may take; `actions_of` maps calls to actions."""
    return _actions(grant for grant in grants_of(function, settings) if not grant.by_aws)


def calls_by_aws(function: str) -> set[str]:
    """Return the actions that AWS takes with a function's role, which Petri's own calls don't show."""
    return _actions(grant for grant in grants_of(function) if grant.by_aws)


def calls_seldom(function: str, settings: SettingsLike | None = None) -> dict[str, str]:
    """Return the actions that a whole run may not need, and why; all others must occur in it."""
    grants = [grant for grant in grants_of(function, settings) if not grant.by_aws]
    seen = {action for grant in grants for action in grant.actions if action not in grant.seldom}
    return {action: why for grant in grants for action, why in grant.seldom.items() if action not in seen}


#: Calls whose action has another name, or that need several actions.
_OTHER_NAMES: Final = {
    ("sqs", "SendMessageBatch"): "sqs:SendMessage",
    ("s3", "ListObjectVersions"): "s3:ListBucketVersions",
    ("apigatewaymanagementapi", "PostToConnection"): "execute-api:ManageConnections",
    ("apigatewaymanagementapi", "DeleteConnection"): "execute-api:ManageConnections",
}
_PARTS: Final = {
    "Put": "dynamodb:PutItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Update": "dynamodb:UpdateItem",
    "Get": "dynamodb:GetItem",
}
_TRANSACTIONS: Final = {("dynamodb", "TransactWriteItems"), ("dynamodb", "TransactGetItems")}
_PREFIXES: Final = {"mturk": "mechanicalturk"}


def actions_of(service: str, operation: str, given: Mapping[str, Any]) -> set[str]:
    """Return the IAM actions of a call, which is named as in botocore."""
    if (service, operation) in _TRANSACTIONS:
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
        yield READ_MECHANICAL_TURK
    if settings.get("is_lab"):
        yield LAB_KEYS


def _actions(grants: Iterable[Grant]) -> set[str]:
    return {action for grant in grants for action in grant.actions}


def _keep_audit_log(place: PolicyScope) -> dict[str, Any]:
    """Deny deleting what the audit log consists of, to Petri's code and the author's hooks alike.

    The values beside the entries, which can be erased, are in partitions of another name.
    """
    chains = [keys.AUDIT_ACTORS, keys.audit_chain("*")]
    return {
        "Sid": "KeepTheAuditLog",
        "Effect": "Deny",
        "Action": ["dynamodb:DeleteItem"],
        "Resource": _table(place),
        "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": chains}},
    }


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
