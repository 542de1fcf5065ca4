"""AWS's possible responses when queues and limits are configured."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.aws.account import steps
from infra.aws.account.names import Names
from infra.aws.resources.post_deploy_settings import PARTIAL, PostDeploySettings
from infra.problems import OperatorProblem

NAMES = Names("story", "live")
QUEUE = f"arn:aws:sqs:us-east-1:1:{NAMES.queue}"
REALTIME_QUEUE = f"arn:aws:sqs:us-east-1:1:{NAMES.realtime_queue}"
FUNCTION = f"arn:aws:lambda:us-east-1:1:function:{NAMES.function('on_message')}"


def refusal(code: str, message: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


#: Lambda's error while a role's new right hasn't propagated yet.
UNREADY = refusal(
    "InvalidParameterValueException",
    "The provided execution role does not have permissions to call ReceiveMessage on SQS",
    "CreateEventSourceMapping",
)


def made(uuid: str, queue: str, *, is_on: bool = True) -> dict[str, Any]:
    state = "Enabled" if is_on else "Disabled"
    return {"UUID": uuid, "EventSourceArn": queue, "FunctionArn": FUNCTION, "State": state}


class Lambda:
    """Lambda that can be busy, and can ignore a setting."""

    def __init__(
        self,
        *,
        busy: int = 0,
        forgets: bool = False,
        there: bool = True,
        realtime: bool = True,
        refusals: tuple[ClientError, ...] = (),
    ) -> None:
        """`realtime`: whether its queue has a mapping; `refusals`: the first answers to making one."""
        self.mapping = made("u", QUEUE)
        self.mappings = [self.mapping] if there else []
        if realtime:
            self.mappings.append(made("r", REALTIME_QUEUE))
        self.variables: dict[str, str] = {"PETRI_APP": "story"}
        self._busy, self._forgets, self._refusals = busy, forgets, list(refusals)

    def list_event_source_mappings(self, EventSourceArn: str) -> dict[str, Any]:  # noqa: N803
        found = [one for one in self.mappings if one["EventSourceArn"] == EventSourceArn]
        return {"EventSourceMappings": found}

    def get_event_source_mapping(self, UUID: str) -> dict[str, Any]:  # noqa: N803
        return next(one for one in self.mappings if one["UUID"] == UUID)

    def update_event_source_mapping(self, UUID: str, **changes: Any) -> None:  # noqa: N803
        if self._busy:
            self._busy -= 1
            raise refusal("ResourceInUseException", "in use", "UpdateEventSourceMapping")
        if not self._forgets:
            self.get_event_source_mapping(UUID).update(changes)

    def create_event_source_mapping(
        self,
        EventSourceArn: str,  # noqa: N803
        Enabled: bool,  # noqa: N803
        **settings: Any,
    ) -> dict[str, Any]:
        if self._refusals:
            raise self._refusals.pop(0)
        self.mappings.append({**made("n", EventSourceArn, is_on=Enabled), **settings})
        return self.mappings[-1]

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


def wiring(played: Lambda) -> PostDeploySettings:
    identity = SimpleNamespace(partition="aws", account="1")
    clients = {"lambda": played, "events": None, "apigateway": Gateway()}
    whose: Any = SimpleNamespace(client=clients.get, identity=identity, region="us-east-1")
    return PostDeploySettings(whose, NAMES)


def test_the_consumer_is_enabled_when_its_mapping_is_confirmed() -> None:
    played = Lambda()
    wiring(played).confirm_mapping()
    assert played.variables == {"PETRI_APP": "story", "PETRI_MAPPING_CONFIRMED": "1"}


def test_calls_are_retried_while_lambda_is_busy() -> None:
    played = Lambda(busy=3)
    wiring(played).confirm_mapping()
    assert played.mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_consumer_whose_mapping_did_not_take_it_is_not_let_work() -> None:
    played = Lambda(forgets=True)
    with pytest.raises(OperatorProblem, match="messages could be lost"):
        wiring(played).confirm_mapping()
    assert "PETRI_MAPPING_CONFIRMED" not in played.variables


def test_a_queue_without_its_consumer_is_reported() -> None:
    with pytest.raises(OperatorProblem, match="isn't connected to its consumer"):
        wiring(Lambda(there=False)).confirm_mapping()


def test_a_real_time_queue_without_a_consumer_is_reported() -> None:
    with pytest.raises(OperatorProblem, match=f"{NAMES.realtime_queue} isn't connected to its consumer"):
        wiring(Lambda(realtime=False)).confirm_mapping()


def test_an_app_of_one_queue_counts_as_confirmed_while_it_gets_its_second() -> None:
    played = Lambda(realtime=False)
    played.mapping["FunctionResponseTypes"] = PARTIAL
    assert wiring(played).is_confirmed()


def test_a_mapping_of_real_time_messages_that_reports_no_failures_is_not_confirmed() -> None:
    played = Lambda()
    played.mapping["FunctionResponseTypes"] = PARTIAL
    assert not wiring(played).is_confirmed()
    wiring(played).confirm_mapping()
    assert wiring(played).is_confirmed()


def test_the_mapping_of_real_time_messages_reports_failures_from_the_beginning() -> None:
    played = Lambda(realtime=False)
    wiring(played).connect_realtime()
    assert mapped(played)["FunctionResponseTypes"] == PARTIAL


def test_real_time_messages_get_one_mapping_however_often_they_are_connected() -> None:
    played = Lambda(realtime=False)
    for _ in range(2):
        wiring(played).connect_realtime()
    assert mapped(played)["UUID"] == "n"


@pytest.mark.parametrize("refused", [refusal("TooManyRequestsException", "slow down", "x"), UNREADY])
def test_lambda_is_asked_again_until_the_role_may_read_the_queue(
    refused: ClientError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "pause", lambda _: None)
    played = Lambda(realtime=False, refusals=(refused, refused))
    wiring(played).connect_realtime()
    assert mapped(played)["UUID"] == "n"


def test_a_mapping_that_lambda_refuses_for_good_is_an_error_at_once() -> None:
    wrong = refusal("InvalidParameterValueException", "Queue visibility timeout is too short", "x")
    played = Lambda(realtime=False, refusals=(wrong,))
    with pytest.raises(ClientError, match="visibility timeout"):
        wiring(played).connect_realtime()


def test_an_app_that_hibernates_does_not_take_real_time_messages_after_a_deploy() -> None:
    played = Lambda(realtime=False)
    played.mapping["State"] = "Disabled"
    wiring(played).connect_realtime()
    assert mapped(played)["State"] == "Disabled"


def test_hibernating_and_awakening_switch_the_mapping_of_each_lane() -> None:
    played = Lambda()
    assert wiring(played).switch_mapping(on=False)
    assert [one["Enabled"] for one in played.mappings] == [False, False]
    assert wiring(played).switch_mapping(on=True)
    assert [one["Enabled"] for one in played.mappings] == [True, True]


def test_an_app_takes_messages_while_one_lane_is_on() -> None:
    played = Lambda()
    played.mapping["State"] = "Disabled"
    assert wiring(played).takes_messages()


def mapped(played: Lambda) -> dict[str, Any]:
    """The only mapping of real-time messages."""
    (found,) = played.list_event_source_mappings(REALTIME_QUEUE)["EventSourceMappings"]
    return dict(found)


def test_an_account_without_a_role_for_logs_gets_a_notice_and_the_deploy_continues() -> None:
    told: list[str] = []
    wiring(Lambda()).bound_stage("api", "arn:aws:logs:us-east-1:1:log-group:x:*", told.append)
    assert "no role with which API Gateway can write logs" in told[0]
