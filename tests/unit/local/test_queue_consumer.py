"""The consumer of a moto run, which does what Lambda's mapping and EventBridge's schedule do."""

from __future__ import annotations

import json
from typing import Any

import pytest

import app as handlers
from chalicelib.messaging.sqs import SQSQueue
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.schedule import ticks
from chalicelib.operations.shared.context import Context
from infra.local.moto.moto_cloud import MotoCloud
from infra.local.moto.sqs_consumer import LOOK_EVERY, QueueConsumer
from tests.contract.carriers import OfCloud, Post, _moto_messages, cloud_post

__all__ = ["_moto_messages", "cloud_post"]


@pytest.fixture
def cloud(cloud_post: Post) -> MotoCloud:
    assert isinstance(cloud_post.carrier, OfCloud)
    return cloud_post.carrier.cloud


@pytest.fixture
def consumer(cloud_post: Post, cloud: MotoCloud) -> QueueConsumer:
    return QueueConsumer(cloud_post.app, cloud, handlers.on_message, handlers.on_tick)


def minutes_noted(post: Post) -> list[str]:
    """The minutes in which the clock has swept."""
    return [one["scheduled_for"] for one in post.app.run(ticks.list_ticks) if one["job"] == "sweep"]


def status_of(ctx: Context, participant_id: int) -> str:
    return ctx.uow.participant(participant_id).status


def test_a_message_is_carried_out(cloud_post: Post, consumer: QueueConsumer) -> None:
    cloud_post.post("one")
    consumer.carry_out_one()
    assert cloud_post.rung == ["one"]


def test_waiting_messages_are_delivered_together(cloud_post: Post, consumer: QueueConsumer) -> None:
    cloud_post.post(*"abcdefgh")
    consumer.carry_out_one()
    assert sorted(cloud_post.rung) == list("abcdefgh")


def test_an_empty_queue_is_reported(consumer: QueueConsumer) -> None:
    assert not consumer.carry_out_one()


def test_a_handled_message_leaves_the_queue(
    cloud_post: Post, cloud: MotoCloud, consumer: QueueConsumer
) -> None:
    cloud_post.post("one")
    consumer.carry_out_one()
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    sqs = cloud.clients.maker("sqs")()
    told = sqs.get_queue_attributes(QueueUrl=cloud.at.realtime_queue, AttributeNames=names)["Attributes"]
    assert told == dict.fromkeys(names, "0")


def test_when_the_function_itself_fails_everything_stays_in_the_queue(
    cloud_post: Post, cloud: MotoCloud
) -> None:
    def broken(event: dict[str, Any], context: Any) -> None:
        raise LookupError("no function")

    cloud_post.post("one")
    with pytest.raises(LookupError):
        QueueConsumer(cloud_post.app, cloud, broken, handlers.on_tick).carry_out_one()
    sqs = cloud.clients.maker("sqs")()
    names = ["ApproximateNumberOfMessagesNotVisible"]
    told = sqs.get_queue_attributes(QueueUrl=cloud.at.realtime_queue, AttributeNames=names)["Attributes"]
    assert told == {"ApproximateNumberOfMessagesNotVisible": "1"}


def test_the_queue_is_looked_into_again_soon(consumer: QueueConsumer) -> None:
    assert consumer.next_due() == LOOK_EVERY


def test_a_minute_is_ticked_once(cloud_post: Post, consumer: QueueConsumer) -> None:
    cloud_post.post("later", after=3600.0)
    for _ in range(3):
        consumer.carry_out_one()
    assert minutes_noted(cloud_post) == ["2026-03-01T12:00:00.000000Z"]


def test_each_minute_is_ticked(cloud_post: Post, consumer: QueueConsumer) -> None:
    cloud_post.post("later", after=3600.0)
    consumer.carry_out_one()
    cloud_post.clock.turn(minutes=1)
    consumer.carry_out_one()
    assert len(minutes_noted(cloud_post)) == 2


def test_a_rule_that_is_off_ticks_nothing(
    cloud_post: Post, cloud: MotoCloud, consumer: QueueConsumer
) -> None:
    cloud.schedule().disable()
    consumer.carry_out_one()
    assert minutes_noted(cloud_post) == []


def test_mechanical_turks_notifications_to_the_topic_are_handled(
    cloud_post: Post, cloud: MotoCloud, consumer: QueueConsumer
) -> None:
    entry = EntryRequest("w", "h", "a", recruiter="mturk")
    made = cloud_post.app.run(create_participant, entry)["participant"]["id"]
    report = {"Events": [{"EventType": "AssignmentReturned", "AssignmentId": "a", "HITId": "h"}]}
    cloud.clients.maker("sns")().publish(TopicArn=cloud.at.topic, Message=json.dumps(report))
    while consumer.carry_out_one():
        pass
    assert cloud_post.app.run(status_of, made) == "returned"


def test_an_unknown_notification_stays_in_the_queue(
    cloud_post: Post, cloud: MotoCloud, consumer: QueueConsumer
) -> None:
    cloud.clients.maker("sns")().publish(TopicArn=cloud.at.topic, Message="junk")
    consumer.carry_out_one()
    assert cloud_post.next_record()["attributes"]["ApproximateReceiveCount"] == "2"


def test_a_message_that_comes_too_often_goes_to_the_dead_queue(cloud_post: Post, cloud: MotoCloud) -> None:
    sqs = cloud.clients.maker("sqs")()
    policy = {"maxReceiveCount": 1, "deadLetterTargetArn": dead_arn(cloud)}
    sqs.set_queue_attributes(QueueUrl=cloud.at.queue, Attributes={"RedrivePolicy": json.dumps(policy)})
    sqs.send_message(QueueUrl=cloud.at.queue, MessageBody="junk")
    cloud_post.work_until(lambda: bool(waiting(sqs, cloud.at.dead_queue)))


def dead_arn(cloud: MotoCloud) -> str:
    sqs = cloud.clients.maker("sqs")()
    told = sqs.get_queue_attributes(QueueUrl=cloud.at.dead_queue, AttributeNames=["QueueArn"])
    return str(told["Attributes"]["QueueArn"])


def waiting(sqs: Any, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def test_the_account_of_the_queue_is_read_from_its_address(cloud_post: Post) -> None:
    queue = cloud_post.carrier.queue
    assert isinstance(queue, SQSQueue)
    assert queue.account == "123456789012"
