"""SQS, SNS and EventBridge inside this process, emulated by moto: messages take the same path as on AWS.

moto delivers messages and enables rules, but doesn't call functions: this module does what Lambda's event
source mapping and EventBridge's schedule do, with the handlers of app.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import uuid4

from chalicelib.messages import Lane
from chalicelib.messaging.aws_clients import AwsClients
from chalicelib.messaging.eventbridge_schedule import EventBridgeSchedule
from chalicelib.messaging.sqs import SQSQueue
from chalicelib.ports import Clock

from .moto_engine import REGION

QUEUES = {Lane.WORK: "petri-local-messages", Lane.REALTIME: "petri-local-realtime"}
DEAD_QUEUE = "petri-local-dead"
TOPIC, RULE = "petri-local-reports", "petri-local-on_tick-event"
#: Receives before a message goes to the dead-letter queue; the consumer moves it to dead letters sooner.
MOST_RECEIVES = 1000
#: The visibility timeout of a received message, in seconds.
VISIBILITY = 30
#: The batch size of Lambda's event source mapping.
BATCH = 10

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class Addresses:
    """The addresses of the resources."""

    queue: str
    queue_arn: str
    realtime_queue: str
    realtime_queue_arn: str
    dead_queue: str
    topic: str

    @property
    def queues(self) -> dict[str, str]:
        """The address of each queue that has a consumer, by its ARN; that of real-time messages first."""
        return {self.realtime_queue_arn: self.realtime_queue, self.queue_arn: self.queue}


class MotoCloud:
    """The messaging resources of one run; use it inside `moto_engine.started()`."""

    def __init__(self) -> None:
        """Create nothing yet."""
        self.clients = AwsClients(REGION)

    def make(self) -> Addresses:
        """Create the queues, the topic and the clock's rule; return their addresses."""
        return self.at

    @cached_property
    def at(self) -> Addresses:
        """The addresses of the resources, which are created on first access."""
        sqs, sns = self.clients.maker("sqs")(), self.clients.maker("sns")()
        dead_url, dead_arn = self._queue(DEAD_QUEUE, {})
        redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": MOST_RECEIVES}
        settings = {"VisibilityTimeout": str(VISIBILITY), "RedrivePolicy": json.dumps(redrive)}
        url, arn = self._queue(QUEUES[Lane.WORK], settings)
        realtime = self._queue(QUEUES[Lane.REALTIME], settings)
        topic = sns.create_topic(Name=TOPIC)["TopicArn"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self.clients.maker("events")().put_rule(
            Name=RULE, ScheduleExpression="rate(1 minute)", State="ENABLED"
        )
        return Addresses(url, arn, *realtime, dead_url, topic)

    def _queue(self, name: str, settings: dict[str, str]) -> tuple[str, str]:
        sqs = self.clients.maker("sqs")()
        url = str(sqs.create_queue(QueueName=name, Attributes=settings)["QueueUrl"])
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, str(found["Attributes"]["QueueArn"])

    def queue(self, clock: Clock) -> SQSQueue:
        """Return the adapter that sends to the queues."""
        return SQSQueue(QUEUES, clock, self.clients.maker("sqs"))

    def schedule(self) -> EventBridgeSchedule:
        """Return the adapter that enables and disables the clock's rule."""
        return EventBridgeSchedule(RULE, self.clients.maker("events"))

    # -- what Lambda does ---------------------------------------------------------------------------

    def receive(self) -> list[dict[str, Any]]:
        """Receive a batch from one queue, as the records of an event: real-time messages first.

        Lambda polls the queues concurrently; here one process polls them in turn.
        """
        for arn in self.at.queues:
            records = self.receive_from(arn)
            if records:
                return records
        return []

    def receive_from(self, arn: str) -> list[dict[str, Any]]:
        """Receive a batch from the queue with this ARN, as the records of an event."""
        while True:
            try:
                answer = self.clients.maker("sqs")().receive_message(
                    QueueUrl=self.at.queues[arn],
                    MaxNumberOfMessages=BATCH,
                    WaitTimeSeconds=0,
                    MessageSystemAttributeNames=["All"],
                )
            except RuntimeError as error:
                # moto iterates over a set of messages that other threads change meanwhile.
                if "changed size during iteration" not in str(error):
                    raise
            else:
                break
        return [_record(message, arn) for message in answer.get("Messages", ())]

    def hand_over(self, records: list[dict[str, Any]], on_message: Handler) -> list[str]:
        """Call a function with records, and delete those that it doesn't report as failed; return the others.

        Failed records are received again after the visibility timeout; so are all if the function raises.
        """
        answer = on_message({"Records": records}, None)
        failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        for record in records:
            if record["messageId"] not in failed:
                self.clients.maker("sqs")().delete_message(
                    QueueUrl=self.at.queues[record["eventSourceARN"]],
                    ReceiptHandle=record["receiptHandle"],
                )
        return failed

    def tick(self, on_tick: Handler, now: datetime) -> bool:
        """Call the clock's function as EventBridge does, if its rule is enabled; return whether it is."""
        if not self.schedule().is_on:
            return False
        on_tick(_scheduled_event(now), None)
        return True


def _record(message: dict[str, Any], arn: str) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }


def _scheduled_event(now: datetime) -> dict[str, Any]:
    """Build the event that a rule sends."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:123456789012:rule/{RULE}"],
        "detail": {},
    }
