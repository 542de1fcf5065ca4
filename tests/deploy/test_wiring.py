"""What AWS may answer when queue and limits are set."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.aws.errors import AwsProblem
from infra.aws.names import Names
from infra.aws.wiring import Wiring

NAMES = Names("story", "live")
QUEUE = f"arn:aws:sqs:us-east-1:1:{NAMES.queue}"
FUNCTION = f"arn:aws:lambda:us-east-1:1:function:{NAMES.function('on_message')}"


def refusal(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Lambda:
    """Lambda, which may be busy, and may forget what it was told."""

    def __init__(self, *, busy: int = 0, forgets: bool = False, there: bool = True) -> None:
        self.mapping: dict[str, Any] = {"UUID": "u", "EventSourceArn": QUEUE, "FunctionArn": FUNCTION}
        self.mapping["State"] = "Enabled"
        self.variables: dict[str, str] = {"PETRI_APP": "story"}
        self._busy, self._forgets, self._there = busy, forgets, there

    def list_event_source_mappings(self, **_: Any) -> dict[str, Any]:
        return {"EventSourceMappings": [self.mapping] if self._there else []}

    def get_event_source_mapping(self, **_: Any) -> dict[str, Any]:
        return self.mapping

    def update_event_source_mapping(self, FunctionResponseTypes: list[str], **_: Any) -> None:  # noqa: N803
        if self._busy:
            self._busy -= 1
            raise refusal("ResourceInUseException", "in use", "UpdateEventSourceMapping")
        if not self._forgets:
            self.mapping["FunctionResponseTypes"] = FunctionResponseTypes

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        return {"Environment": {"Variables": self.variables}}

    def update_function_configuration(self, Environment: Any, **_: Any) -> None:  # noqa: N803
        self.variables = Environment["Variables"]

    def get_waiter(self, _: str) -> Any:
        return SimpleNamespace(wait=lambda **_: None)


class Gateway:
    """API Gateway in an account without a role for its logs."""

    def update_stage(self, patchOperations: list[dict[str, str]], **_: Any) -> None:  # noqa: N803
        if any("accessLog" in each["path"] for each in patchOperations):
            message = "CloudWatch Logs role ARN must be set in account settings to enable logging"
            raise refusal("BadRequestException", message, "UpdateStage")


def wiring(played: Lambda) -> Wiring:
    identity = SimpleNamespace(partition="aws", account="1")
    clients = {"lambda": played, "events": None, "apigateway": Gateway()}
    whose: Any = SimpleNamespace(client=clients.get, identity=identity, region="us-east-1")
    return Wiring(whose, NAMES)


def test_the_consumer_is_let_work_when_its_mapping_says_so() -> None:
    played = Lambda()
    wiring(played).confirm_mapping()
    assert played.variables == {"PETRI_APP": "story", "PETRI_MAPPING_CONFIRMED": "1"}


def test_lambda_is_asked_again_while_it_is_busy() -> None:
    played = Lambda(busy=3)
    wiring(played).confirm_mapping()
    assert played.mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_consumer_whose_mapping_did_not_take_it_is_not_let_work() -> None:
    played = Lambda(forgets=True)
    with pytest.raises(AwsProblem, match="messages could be lost"):
        wiring(played).confirm_mapping()
    assert "PETRI_MAPPING_CONFIRMED" not in played.variables


def test_a_queue_without_its_consumer_is_told() -> None:
    with pytest.raises(AwsProblem, match="isn't connected with its consumer"):
        wiring(Lambda(there=False)).confirm_mapping()


def test_an_account_without_a_role_for_logs_is_told_and_goes_on() -> None:
    told: list[str] = []
    wiring(Lambda()).bound_stage("api", "arn:aws:logs:us-east-1:1:log-group:x:*", told.append)
    assert "no role with which API Gateway may write logs" in told[0]
