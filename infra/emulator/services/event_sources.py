"""Emulates the event sources of functions: the queues' mappings and the clock's rule, as configured."""

from __future__ import annotations

import json
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any, Self

from infra.emulator.process.cloud import ACCOUNT, REGION, Cloud

from .functions import FunctionError, Functions
from .invocation_chains import InvocationChain

#: The pause of a poller after an empty queue, in seconds.
REST = 0.1
PARTIAL = "ReportBatchItemFailures"
#: The principal that invokes functions for a rule.
SCHEDULER = "events.amazonaws.com"


class Pollers:
    """Polls every queue that is mapped to a function, a batch at a time, in a thread for each mapping."""

    def __init__(self, cloud: Cloud, functions: Functions) -> None:
        self._functions = functions
        client = cloud.client("lambda", caller="REHEARSAL")
        self.mappings: list[dict[str, Any]] = client.list_event_source_mappings()["EventSourceMappings"]
        self._stopped = threading.Event()
        #: Errors of the functions, and messages that they reported as failed.
        self.failures: list[str] = []
        #: Messages that Lambda dropped because of a recursive loop.
        self.loops: list[dict[str, Any]] = []
        self._threads = [
            threading.Thread(target=self._poll, args=(cloud, one), name="poller", daemon=True)
            for one in self.mappings
            if one["State"] == "Enabled"
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _poll(self, cloud: Cloud, mapping: dict[str, Any]) -> None:
        function = mapping["FunctionArn"].rpartition(":function:")[2].partition(":")[0]
        # Lambda polls the queue with the function's own role.
        sqs = cloud.client("sqs", caller=f"MAPPING-{function}")
        url = sqs.get_queue_url(QueueName=mapping["EventSourceArn"].rpartition(":")[2])["QueueUrl"]
        while not self._stopped.is_set():
            messages = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(mapping.get("BatchSize", 10), 10),
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=0,
            ).get("Messages", [])
            if not messages:
                self._stopped.wait(REST)
                continue
            delivered = self._without_loops(cloud, function, messages)
            failed = self._failed_messages(mapping, delivered) if delivered else set()
            for message in messages:
                handle = message["ReceiptHandle"]
                if message["MessageId"] in failed:
                    # AWS redelivers it after the visibility timeout; a rehearsal doesn't wait that long.
                    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1)
                else:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)

    def _without_loops(
        self, cloud: Cloud, function: str, messages: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return the messages to deliver; Lambda drops those of a recursive loop."""
        loops = [message for message in messages if InvocationChain.behind(message).is_too_long]
        if not loops:
            return messages
        client = cloud.client("lambda", caller="REHEARSAL")
        if client.get_function_recursion_config(FunctionName=function)["RecursiveLoop"] == "Allow":
            return messages
        self.loops += loops
        return [message for message in messages if message not in loops]

    def _failed_messages(self, mapping: dict[str, Any], messages: list[dict[str, Any]]) -> set[str]:
        """Invoke the function with a batch; return the ids of the failed messages."""
        everything = {message["MessageId"] for message in messages}
        event = {"Records": [_record(message, mapping["EventSourceArn"]) for message in messages]}
        try:
            chain = max((InvocationChain.behind(message) for message in messages), key=lambda one: one.length)
            response = self._functions.named(mapping["FunctionArn"]).invoke(event, chain)
        except FunctionError as error:
            self.failures.append(str(error))
            return everything
        if PARTIAL not in (mapping.get("FunctionResponseTypes") or ()):
            return set()
        failed = {one["itemIdentifier"] for one in (response or {}).get("batchItemFailures", ())}
        self.failures += [f"message {one} failed" for one in failed]
        # With an invalid response, the whole batch counts as failed.
        return min(failed, everything)


def _record(message: dict[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }


class RuleTimer:
    """Invokes a rule's target every minute, if the rule is enabled."""

    def __init__(self, cloud: Cloud, functions: Functions, rule: str) -> None:
        self._events = cloud.client("events", caller="REHEARSAL")
        self._functions = functions
        self._rule = rule

    @property
    def is_on(self) -> bool:
        return bool(self._events.describe_rule(Name=self._rule)["State"] == "ENABLED")

    def tick(self) -> bool:
        """Advance by a minute; return whether a function was invoked."""
        if not self.is_on:
            return False
        for target in self._events.list_targets_by_rule(Rule=self._rule)["Targets"]:
            self._functions.named(target["Arn"], caller=SCHEDULER).invoke(
                {
                    "version": "0",
                    "id": str(uuid.uuid4()),
                    "detail-type": "Scheduled Event",
                    "source": "aws.events",
                    "account": ACCOUNT,
                    "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "region": REGION,
                    "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{self._rule}"],
                    "detail": {},
                }
            )
        return True


def publish(cloud: Cloud, envelope: str) -> None:
    """Publish a notification of Mechanical Turk to its topic."""
    notification = json.loads(envelope)
    sns = cloud.client("sns", caller="MTURK")
    sns.publish(TopicArn=notification["TopicArn"], Message=notification["Message"])


def waiting(cloud: Cloud, queue: str) -> tuple[int, int]:
    """Return how many messages of a queue wait or are being handled, and how many are delayed."""
    sqs = cloud.client("sqs", caller="REHEARSAL")
    attributes = sqs.get_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"], AttributeNames=["All"]
    )["Attributes"]
    now, handled, later = (
        int(attributes[f"ApproximateNumberOfMessages{kind}"]) for kind in ("", "NotVisible", "Delayed")
    )
    return now + handled, later


def until_empty(cloud: Cloud, queue: str, *, patience: float = 60.0) -> bool:
    """Wait until a queue is empty; False after a timeout."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        if waiting(cloud, queue) == (0, 0):
            return True
        time.sleep(REST)
    return False
