"""The functions' IAM policies grant what each function does, and nothing more."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.loaders import Loader

from chalicelib.model import keys
from infra.aws.account import policies
from infra.aws.account.names import API, FUNCTIONS, Names
from infra.aws.account.policies import calls_allowed, calls_by_aws, calls_seldom, policy

NAMES = Names("story", "live")
ACCOUNT, REGION = "123456789012", "eu-central-1"
MAILING = {"mailer": "ses", "dallinger_email_address": "lab@example.com"}
TURK = {"recruiter": "mturk"}
ROOT = Path(policies.__file__).parents[3]


def statements(function: str, settings: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    made = policy(function, NAMES, ACCOUNT, REGION, settings=settings)
    return {statement["Sid"]: statement for statement in made["Statement"]}


def resources(function: str) -> list[str]:
    """Every resource of every statement of a function's policy."""
    named = [statement["Resource"] for statement in statements(function).values()]
    return [one for each in named for one in ([each] if isinstance(each, str) else each)]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_right_is_for_this_apps_own_resources(function: str) -> None:
    for resource in resources(function):
        assert NAMES.prefix in resource or NAMES.parameters in resource or (
            resource.startswith(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/api/")
        )  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_right_is_for_all_resources(function: str) -> None:
    assert "*" not in resources(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_sends_to_the_queue_of_each_lane(function: str) -> None:
    arns = [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}" for name in NAMES.queues.values()]
    assert statements(function)["SendMessages"]["Resource"] == arns


@pytest.mark.parametrize("sid", ["TakeMessages", "ComeAgainLater"])
def test_the_consumer_takes_messages_from_the_queue_of_each_lane(sid: str) -> None:
    arns = [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}" for name in NAMES.queues.values()]
    assert statements("on_message")[sid]["Resource"] == arns


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_action_is_a_pattern(function: str) -> None:
    assert not [action for one in statements(function).values() for action in one["Action"] if "*" in action]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_right_is_in_the_account_and_region_of_the_app(function: str) -> None:
    # The name of a bucket contains region and account; its ARN has neither.
    named = [resource for resource in resources(function) if not resource.startswith("arn:aws:s3:::")]
    places = [resource.split(":")[3:5] for resource in named]
    assert places == [[REGION, ACCOUNT]] * len(places)


def test_only_the_function_of_the_api_takes_uploads_and_only_the_consumer_writes_exports() -> None:
    bucket = f"arn:aws:s3:::{NAMES.files_bucket(ACCOUNT)}"
    found = {
        function: [one for one in resources(function) if one.startswith(bucket)] for function in FUNCTIONS
    }
    assert {function for function, named in found.items() if named} == {API, "on_message"}
    assert found[API] == [bucket, f"{bucket}/pending/*", f"{bucket}/kept/*", f"{bucket}/exports/*"]
    assert statements(API)["SendExports"]["Action"] == ["s3:GetObject"]
    assert not {action for action in calls_allowed(API) if action.startswith("s3:Delete")}
    uploads = [f"{bucket}/pending/*", f"{bucket}/kept/*"]
    assert found["on_message"] == [bucket, f"{bucket}/exports/*", *uploads, *uploads]
    assert statements("on_message")["ReadUploads"]["Action"] == ["s3:GetObject"]
    assert statements("on_message")["RemoveFiles"]["Action"] == ["s3:DeleteObject"]


def test_the_consumer_reads_the_deployed_code_and_nothing_else_of_what_is_kept() -> None:
    bucket = f"arn:aws:s3:::{NAMES.keep_bucket(ACCOUNT)}"
    found = {one: [each for each in resources(one) if each.startswith(bucket)] for one in FUNCTIONS}
    assert found == {one: [f"{bucket}/code.zip"] if one == "on_message" else [] for one in FUNCTIONS}
    assert statements("on_message")["ReadCode"]["Action"] == ["s3:GetObject"]


def test_only_the_consumer_of_messages_puts_seals_and_no_function_deletes_or_unlocks_one() -> None:
    bucket = f"arn:aws:s3:::{NAMES.seal_bucket(ACCOUNT)}"
    found = {
        function: [one for one in resources(function) if one.startswith(bucket)] for function in FUNCTIONS
    }
    assert found == {one: [bucket, f"{bucket}/seals/*"] if one == "on_message" else [] for one in FUNCTIONS}
    about_seals = [one for one in statements("on_message").values() if bucket in str(one["Resource"])]
    allowed = {action for one in about_seals for action in one["Action"]}
    assert allowed == {"s3:ListBucketVersions", "s3:PutObject"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_writes_into_its_own_log_only(function: str) -> None:
    log = statements(function)["Log"]["Resource"]
    assert log == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{NAMES.log_group(function)}:*"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_makes_a_log_group_that_would_never_end(function: str) -> None:
    assert "logs:CreateLogGroup" not in calls_by_aws(function) | calls_allowed(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_scans_the_table(function: str) -> None:
    assert "dynamodb:Scan" not in calls_allowed(function)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_deletes_an_entry_of_the_audit_log(function: str) -> None:
    statement = statements(function)["KeepTheAuditLog"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["dynamodb:DeleteItem"])
    patterns = statement["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]

    def is_denied(key: keys.Key) -> bool:
        return any(fnmatchcase(key[0], pattern) for pattern in patterns)

    kept = [keys.audit_entry("user:ada", 1), keys.audit_head("operator"), keys.audit_actor("operator")]
    assert all(is_denied(key) for key in [*kept, keys.audit_seal(1), keys.LAST_AUDIT_SEAL])
    assert not any(is_denied(key) for key in (keys.audit_values("user:ada", 1), keys.participant(1)))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_policy_fits_into_a_role(function: str) -> None:
    # AWS: the inline policies of a role have 10,240 characters together, blanks not counted.
    text = json.dumps(
        policy(function, NAMES, ACCOUNT, REGION, settings=MAILING | TURK), separators=(",", ":")
    )
    assert len(text) < 10_240


@pytest.mark.parametrize(
    ("function", "method"),
    [
        ("on_message", "POST"),
        ("websocket_message", "POST"),
        ("websocket_message", "DELETE"),
        ("on_tick", "DELETE"),
    ],
)
def test_functions_that_send_to_sockets_may_do_so(function: str, method: str) -> None:
    reached = {resource.split("/")[2] for resource in resources(function) if "@" in resource}
    assert method in reached


@pytest.mark.parametrize("function", [API, "websocket_connect", "websocket_disconnect"])
def test_functions_that_send_to_no_socket_may_not(function: str) -> None:
    assert "execute-api:ManageConnections" not in calls_allowed(function)


def test_the_websocket_api_is_named_once_it_is_known() -> None:
    made = policy("on_message", NAMES, ACCOUNT, REGION, websocket_api="abc123")
    (sockets,) = [one for one in made["Statement"] if one["Sid"] == "SendToSockets"]
    assert sockets["Resource"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abc123/api/POST/@connections/*"


def test_only_the_consumer_has_the_pollers_rights() -> None:
    polling = [function for function in FUNCTIONS if "sqs:ReceiveMessage" in calls_by_aws(function)]
    assert polling == ["on_message"]


def test_calls_by_aws_are_not_listed_as_the_functions_own() -> None:
    assert all(not calls_by_aws(function) & calls_allowed(function) for function in FUNCTIONS)


def test_only_the_clock_disables_itself() -> None:
    assert [one for one in FUNCTIONS if "events:DisableRule" in calls_allowed(one)] == ["on_tick"]


def test_mail_may_only_have_the_configured_sender() -> None:
    condition = statements("on_message", MAILING)["MailTheOperator"]["Condition"]
    assert condition == {"StringEquals": {"ses:FromAddress": "lab@example.com"}}


def test_without_ses_no_function_may_mail() -> None:
    assert "ses:SendEmail" not in calls_allowed("on_message", {"mailer": "smtp"})


def test_the_requesters_own_keys_need_no_right_of_the_role() -> None:
    assert "AskMechanicalTurk" not in statements("on_message", TURK | {"aws_access_key_id": "AKIA"})


def test_without_keys_the_role_asks_mechanical_turk() -> None:
    assert "mechanicalturk:SendBonus" in calls_allowed("on_message", TURK)


def test_only_mechanical_turk_which_has_no_resources_gets_all() -> None:
    settings = MAILING | TURK
    found = [sid for one in FUNCTIONS for sid, s in statements(one, settings).items() if s["Resource"] == "*"]
    assert sorted(found) == ["AskMechanicalTurk", "ReadMechanicalTurk"]


def test_the_role_may_ask_mechanical_turk_what_the_recruiter_asks_and_no_more() -> None:
    operations = Loader().load_service_model("mturk", "service-2")["operations"]
    written = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "chalicelib/recruiters/mturk").glob("*.py")
    )
    words = set(re.findall(r'"([a-z_]+)"', written))
    # Taking a mark away is the operator's, with the operator's rights.
    asked = {name for name in operations if xform_name(name) in words} - {
        "DisassociateQualificationFromWorker"
    }
    reads = set(policies.READ_MECHANICAL_TURK.actions)
    assert set(policies.MECHANICAL_TURK.actions) | reads == {f"mechanicalturk:{name}" for name in asked}
    assert all(re.match("mechanicalturk:(Get|List)", action) for action in reads)
    assert reads <= calls_allowed(policies.API, TURK)


def test_only_the_function_with_the_dashboard_reads_logs_and_only_those_of_this_app() -> None:
    reading = [one for one in FUNCTIONS if "logs:FilterLogEvents" in calls_allowed(one)]
    assert reading == [policies.API]
    (found,) = [
        one for one in policy(policies.API, NAMES, ACCOUNT, REGION)["Statement"] if one["Sid"] == "ReadLogs"
    ]
    assert found["Resource"] == [
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{NAMES.log_group(one)}:*" for one in FUNCTIONS
    ]


def test_a_transaction_takes_the_rights_of_its_parts() -> None:
    given = {"TransactItems": [{"Put": {}}, {"Delete": {}}, {"ConditionCheck": {}}]}
    assert policies.actions_of("dynamodb", "TransactWriteItems", given) == {
        "dynamodb:PutItem",
        "dynamodb:DeleteItem",
        "dynamodb:ConditionCheckItem",
    }


def test_a_transaction_that_reads_takes_the_right_to_read_an_item() -> None:
    given = {"TransactItems": [{"Get": {}}, {"Get": {}}]}
    assert policies.actions_of("dynamodb", "TransactGetItems", given) == {"dynamodb:GetItem"}


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("sqs", "SendMessageBatch", "sqs:SendMessage"),
        ("apigatewaymanagementapi", "DeleteConnection", "execute-api:ManageConnections"),
        ("mturk", "GetHIT", "mechanicalturk:GetHIT"),
        ("ssm", "GetParameter", "ssm:GetParameter"),
    ],
)
def test_a_call_is_known_by_the_action_that_iam_asks_for(service: str, operation: str, action: str) -> None:
    assert policies.actions_of(service, operation, {}) == {action}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_optional_call_is_allowed_too(function: str) -> None:
    assert set(calls_seldom(function)) <= calls_allowed(function)


def test_a_call_that_is_rare_for_one_grant_only_has_to_occur() -> None:
    assert "execute-api:ManageConnections" not in calls_seldom("websocket_message")


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(ValueError, match="no function"):
        policy("on_chat", NAMES)
