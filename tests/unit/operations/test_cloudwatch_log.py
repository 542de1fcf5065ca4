"""The log of a deployed app is read from CloudWatch: its own groups, newest first, within limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto import mock_aws

from chalicelib.bootstrap import DeployedApp
from chalicelib.errors import VendorError, VendorRefused, VendorUnreachable
from chalicelib.messaging import cloudwatch_log
from chalicelib.messaging.cloudwatch_log import CloudWatchLog
from infra.aws.account.names import FUNCTIONS, Names
from tests.web.clock import HandClock

GROUPS = {"api": "/aws/lambda/petri-x-live", "on_message": "/aws/lambda/petri-x-live-on_message"}
MINUTE = timedelta(minutes=1)


class Groups:
    """Log groups at an emulated CloudWatch, and a log that reads them."""

    def __init__(self) -> None:
        self.client = boto3.client("logs", region_name="eu-west-1")
        self.clock = HandClock(datetime.now(UTC).replace(microsecond=0))
        self.asked: list[dict[str, Any]] = []
        self.seconds = 0.0
        self.log = CloudWatchLog(GROUPS, lambda: self, self.clock, seconds=lambda: self.seconds)
        for group in GROUPS.values():
            self.client.create_log_group(logGroupName=group)
            self.client.create_log_stream(logGroupName=group, logStreamName="one")

    def filter_log_events(self, **query: Any) -> Any:
        self.asked.append(query)
        return self.client.filter_log_events(**query)

    def write(self, age: timedelta, text: str, *, function: str = "api") -> None:
        at = int((self.clock.now() - age).timestamp() * 1000)
        event = {"timestamp": at, "message": text}
        self.client.put_log_events(logGroupName=GROUPS[function], logStreamName="one", logEvents=[event])

    def line(self, age: timedelta, message: str, *, function: str = "api", **fields: Any) -> None:
        at = (self.clock.now() - age).strftime("%Y-%m-%d %H:%M:%S,000+0000")
        line = {"level": "INFO", "message": message, "timestamp": at, **fields}
        self.write(age, json.dumps(line), function=function)

    def messages(self, *args: Any, **kwargs: Any) -> list[str]:
        return [line.message for line in self.log.latest(*args, **kwargs).lines]


@pytest.fixture
def groups() -> Iterator[Groups]:
    with mock_aws():
        yield Groups()


def test_lines_of_all_functions_are_one_log_newest_first(groups: Groups) -> None:
    groups.line(40 * MINUTE, "oldest")
    groups.line(2 * MINUTE, "newest", function="on_message")
    groups.line(30 * MINUTE, "between", function="on_message", participant_id=7)
    groups.line(90 * MINUTE, "before the hour")
    assert groups.messages(10) == ["newest", "between", "oldest"]
    found = groups.log.latest(10)
    assert found.lines[1].participant_id == 7
    assert not found.is_partial
    assert groups.messages(10, 120)[-1] == "before the hour"


def test_only_the_log_groups_of_the_app_are_read(groups: Groups) -> None:
    groups.log.latest(10, 240)
    assert {query["logGroupName"] for query in groups.asked} == set(GROUPS.values())
    place = DeployedApp.of(
        {
            **{f"PETRI_{name}": "-" for name in ("TABLE", "QUEUE", "REALTIME_QUEUE", "TOPIC")},
            "PETRI_APP": "x",
            "PETRI_STAGE": "live",
            "AWS_REGION": "eu-west-1",
        }
    )
    names = Names("x", "live")
    assert sorted(place.log_groups.values()) == sorted(names.log_group(name) for name in FUNCTIONS)


def test_a_function_that_has_not_logged_yet_has_no_lines(groups: Groups) -> None:
    groups.client.delete_log_group(logGroupName=GROUPS["on_message"])
    groups.line(MINUTE, "one")
    assert groups.messages(10) == ["one"]


def test_what_lambda_writes_about_each_invocation_is_left_out_and_timeouts_are_errors(groups: Groups) -> None:
    request = "5e2b1c5a-0000-4000-8000-1234567890ab"
    groups.write(2 * MINUTE, f"START RequestId: {request} Version: 3\n")
    groups.write(2 * MINUTE, f"REPORT RequestId: {request}\tDuration: 3.5 ms\n")
    groups.write(
        MINUTE,
        f"2026-03-01T12:00:00.000Z {request} Task timed out after 120.00 seconds\n\n",
        function="on_message",
    )
    (line,) = groups.log.latest(10).lines
    assert (line.level, line.message) == ("ERROR", "on_message: Task timed out after 120.00 seconds")


def test_a_text_that_names_people_is_replaced_by_the_one_that_does_not(groups: Groups) -> None:
    groups.line(MINUTE, "to ann@example.org", shareable="A mail")
    assert groups.messages(10) == ["A mail"]


def test_the_latest_lines_are_enough_where_the_run_logs_much(groups: Groups) -> None:
    for number in range(4):
        groups.line(MINUTE * (1 + number / 4), f"recent {number}")
    groups.line(30 * MINUTE, "long ago")
    found = groups.log.latest(3)
    assert [line.message for line in found.lines] == ["recent 0", "recent 1", "recent 2"]
    assert found.is_partial
    assert len(groups.asked) == len(GROUPS)


def test_too_many_lines_for_the_limits_leave_the_newest_and_say_so(
    groups: Groups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudwatch_log, "MOST_PAGES", 1)
    read = groups.client.filter_log_events
    monkeypatch.setattr(groups.client, "filter_log_events", lambda **query: read(**query, limit=2))
    for seconds in (120, 90, 60, 30, 10, 5):
        groups.line(timedelta(seconds=seconds), f"{seconds} seconds ago")
    found = groups.log.latest(10)
    assert [line.message for line in found.lines] == ["5 seconds ago", "10 seconds ago"]
    assert found.is_partial
    assert datetime.fromisoformat(found.since) == groups.clock.now() - timedelta(
        seconds=cloudwatch_log.BUSY_SECONDS
    )


def test_a_slow_service_is_given_up_within_the_time_limit(
    groups: Groups, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = groups.client.filter_log_events

    def slowly(**query: Any) -> Any:
        groups.seconds += cloudwatch_log.LONGEST
        return {**read(**query), "nextToken": "more"}

    monkeypatch.setattr(groups.client, "filter_log_events", slowly)
    assert groups.log.latest(10).is_partial
    assert len(groups.asked) <= 3 * len(GROUPS)


def test_errors_are_asked_for_with_the_filter_of_the_alarms(groups: Groups) -> None:
    groups.line(3 * MINUTE, "broken", level="ERROR")
    assert "broken" in groups.messages(10, 60, errors_only=True)
    assert {query["filterPattern"] for query in groups.asked} == {cloudwatch_log.ERRORS}
    assert len(groups.asked) == len(GROUPS)


def test_a_reading_is_shared_for_some_seconds(groups: Groups) -> None:
    first = groups.log.latest(10)
    asked = len(groups.asked)
    groups.seconds = cloudwatch_log.KEPT_SECONDS - 1
    assert groups.log.latest(10) is first
    assert len(groups.asked) == asked
    groups.seconds = cloudwatch_log.KEPT_SECONDS
    groups.line(MINUTE, "new")
    assert groups.messages(10) == ["new"]


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        ("ThrottlingException", VendorUnreachable, "asked too often"),
        ("AccessDeniedException", VendorRefused, "deploy it again"),
        ("ServiceUnavailableException", VendorUnreachable, "look again in a minute"),
        (None, VendorUnreachable, "didn't answer"),
    ],
)
def test_an_error_of_cloudwatch_says_what_to_do(
    groups: Groups, monkeypatch: pytest.MonkeyPatch, error: str | None, kind: type[VendorError], text: str
) -> None:
    def fail(**query: Any) -> Any:
        if error is None:
            raise ConnectTimeoutError(endpoint_url="https://logs.example.org")
        raise ClientError({"Error": {"Code": error, "Message": "no"}}, "FilterLogEvents")

    monkeypatch.setattr(groups.client, "filter_log_events", fail)
    with pytest.raises(kind, match=text):
        groups.log.latest(10)
