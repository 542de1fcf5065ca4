"""The AWS emulator refuses what a policy denies: no function deletes a part of the audit log."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.model import keys
from infra.aws.account.names import Names
from infra.aws.account.policies import policy
from infra.emulator.process.cloud import ACCOUNT, REGION, Cloud
from infra.emulator.process.policy_denials import denied_by
from infra.emulator.process.request_names import Call

NAMES = Names("denials", "sandbox", REGION)
KEPT = [
    keys.audit_entry("user:ada", 1),
    keys.audit_head("operator"),
    keys.audit_actor("operator"),
    keys.audit_seal(1),
]
OTHERS = [keys.audit_values("user:ada", 1), keys.participant(1)]
FUNCTION = NAMES.function("api_handler")


def item(key: keys.Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


@pytest.fixture(scope="module")
def table(cloud: Cloud) -> Iterator[Any]:
    """A client with which the API's function calls DynamoDB, with the function's own policy."""
    operator = cloud.client("dynamodb")
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    operator.create_table(
        TableName=NAMES.table,
        KeySchema=schema,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )
    iam, role = cloud.client("iam"), f"{FUNCTION}-role"
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    document = json.dumps(policy("api_handler", NAMES, ACCOUNT, REGION, settings={}))
    iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=document)
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as written:
        written.writestr("app.py", "def app(event, context): ...")
    cloud.client("lambda").create_function(
        FunctionName=FUNCTION,
        Role=made["Role"]["Arn"],
        Handler="app.app",
        Runtime="python3.12",
        Code={"ZipFile": code.getvalue()},
    )
    for key in [*KEPT, *OTHERS]:
        operator.put_item(TableName=NAMES.table, Item=item(key))
    yield cloud.client("dynamodb", FUNCTION)
    operator.delete_table(TableName=NAMES.table)


def stored(cloud: Cloud, key: keys.Key) -> bool:
    return "Item" in cloud.client("dynamodb").get_item(TableName=NAMES.table, Key=item(key))


@pytest.mark.parametrize("key", KEPT)
def test_a_function_deletes_no_part_of_the_audit_log(table: Any, cloud: Cloud, key: keys.Key) -> None:
    deletes = {"Delete": {"TableName": NAMES.table, "Key": item(key)}}
    puts = {"Put": {"TableName": NAMES.table, "Item": item(keys.participant(9))}}
    for delete in (
        lambda: table.delete_item(TableName=NAMES.table, Key=item(key)),
        lambda: table.transact_write_items(TransactItems=[puts, deletes]),
    ):
        with pytest.raises(ClientError, match="explicit deny"):
            delete()
    assert stored(cloud, key)
    assert not stored(cloud, keys.participant(9))


def test_a_function_writes_the_audit_log_and_deletes_other_items(table: Any, cloud: Cloud) -> None:
    table.put_item(TableName=NAMES.table, Item=item(keys.audit_entry("user:ada", 2)))
    deletes = {"Delete": {"TableName": NAMES.table, "Key": item(OTHERS[1])}}
    puts = {"Put": {"TableName": NAMES.table, "Item": item(keys.audit_entry("user:ada", 3))}}
    table.transact_write_items(TransactItems=[puts, deletes])
    table.delete_item(TableName=NAMES.table, Key=item(OTHERS[0]))
    assert not any(stored(cloud, key) for key in OTHERS)
    assert stored(cloud, keys.audit_entry("user:ada", 3))


def test_a_condition_that_the_emulator_does_not_know_is_an_error() -> None:
    unknown = {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    call = Call(FUNCTION, REGION, "s3", "PutObject", {"Bucket": "b"})
    with pytest.raises(ValueError, match="can't evaluate the condition Bool"):
        denied_by({"Statement": [unknown]}, call)
