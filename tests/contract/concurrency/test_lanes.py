"""Real-time messages don't wait behind the others, over both twins of the queues."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.errors import Unsent
from chalicelib.messages import Lane, MessageBody, NotifyOperator, RunTimer, former_kinds, message_types
from chalicelib.messaging.sqs import SQSQueue
from chalicelib.operations.shared.context import Context
from chalicelib.ports import Message
from chalicelib.workers import queue_consumer, scheduler
from infra.local.moto.moto_cloud import QUEUES, MotoCloud
from tests.contract.carriers import OfCloud, Post, _moto_messages, cloud_post, local_post, post

__all__ = ["_moto_messages", "cloud_post", "local_post", "post"]

MANY = 40
HOUR = 3600.0


@dataclass
class Mails:
    """Stands in for the mailer: a slow vendor, as it can be held up."""

    sent: list[str] = field(default_factory=list)
    is_held: threading.Event = field(default_factory=threading.Event)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.goes_on.set()

    def tell(self, subject: str, text: str) -> None:
        self.is_held.set()
        self.goes_on.wait()
        self.sent.append(f"{subject}: {text}")


@pytest.fixture
def mails(post: Post) -> Mails:
    post.app.mailer = made = Mails()
    return made


def post_work(post: Post, count: int) -> None:
    """Commit messages of the work lane."""
    post.app.run(_posting_work, count)


def _posting_work(unit: Context, count: int) -> None:
    for number in range(count):
        unit.uow.post(NotifyOperator({"number": number}))


def post_both(post: Post) -> None:
    """Commit a message of each lane at once."""
    post.app.run(_posting_both)


def _posting_both(unit: Context) -> None:
    _posting_work(unit, 1)
    unit.uow.post(RunTimer("note", {"word": "both"}))


def waiting(cloud: MotoCloud) -> dict[str, int]:
    """How many messages each queue has, by its name."""
    sqs, name = cloud.clients.maker("sqs")(), "ApproximateNumberOfMessages"
    told = {
        arn: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]
        for arn, url in cloud.at.queues.items()
    }
    return {arn.rpartition(":")[2]: int(count) for arn, count in told.items()}


def cloud_of(post: Post) -> MotoCloud:
    assert isinstance(post.carrier, OfCloud)
    return post.carrier.cloud


# -- both twins -------------------------------------------------------------------------------------


def test_a_real_time_message_is_handled_before_a_burst_of_work_that_came_first(
    post: Post, mails: Mails
) -> None:
    post_work(post, MANY)
    post.post("room")
    post.work()
    assert (post.rung, mails.sent) == (["room"], [])


def test_each_real_time_message_of_a_burst_of_both_is_handled_next(post: Post, mails: Mails) -> None:
    post_work(post, MANY)
    handled = []
    for number in range(3):
        post.work()
        post.post(f"room {number}")
        before = len(mails.sent)
        post.work()
        handled.append((post.rung[-1], len(mails.sent) - before))
    assert handled == [(f"room {number}", 0) for number in range(3)]


def test_all_of_a_burst_of_both_lanes_is_done(post: Post, mails: Mails) -> None:
    post_work(post, MANY)
    words = [f"word {number}" for number in range(MANY)]
    post.post(*words)
    post.work_until(lambda: len(mails.sent) == MANY and len(post.rung) == MANY)
    assert (sorted(post.rung), len(set(mails.sent)), post.recorded()) == (sorted(words), MANY, 0)


def test_a_commit_of_both_lanes_is_done(post: Post, mails: Mails) -> None:
    post_both(post)
    post.work_until(lambda: post.recorded() == 0)
    assert (post.rung, len(mails.sent)) == (["both"], 1)


# -- SQS alone --------------------------------------------------------------------------------------


@pytest.fixture
def cloud_mails(cloud_post: Post) -> Mails:
    cloud_post.app.mailer = made = Mails()
    return made


def test_a_flood_of_work_whose_consumer_is_held_up_does_not_delay_a_room(
    cloud_post: Post, cloud_mails: Mails
) -> None:
    cloud = cloud_of(cloud_post)
    cloud_mails.goes_on.clear()
    post_work(cloud_post, MANY)
    work = cloud_post.carrier.hand_over
    taken = cloud.receive_from(cloud.at.queue_arn)
    consumer = threading.Thread(target=work, args=(taken,))
    consumer.start()
    cloud_mails.is_held.wait()
    cloud_post.post("room")
    work(cloud.receive_from(cloud.at.realtime_queue_arn))
    seen = (list(cloud_post.rung), list(cloud_mails.sent))
    cloud_mails.goes_on.set()
    consumer.join()
    assert seen == (["room"], [])
    cloud_post.work_until(lambda: len(cloud_mails.sent) == MANY)


@pytest.mark.parametrize("sent", message_types().values(), ids=lambda cls: cls.kind)
def test_each_kind_is_sent_to_the_queue_of_its_lane(cloud_post: Post, sent: type[MessageBody]) -> None:
    cloud_post.carrier.queue.send(Message(("due#0", sent.kind), {"kind": sent.kind}))
    there = {name: count for name, count in waiting(cloud_of(cloud_post)).items() if count}
    assert there == {QUEUES[sent.lane]: 1}


@pytest.mark.parametrize("former", former_kinds())
def test_a_kind_under_its_former_name_is_sent_to_the_queue_of_its_lane(cloud_post: Post, former: str) -> None:
    cloud_post.carrier.queue.send(Message(("due#0", former), {"kind": former}))
    there = {name: count for name, count in waiting(cloud_of(cloud_post)).items() if count}
    assert there == {QUEUES[message_types()[former_kinds()[former]].lane]: 1}


def test_a_nudge_is_sent_to_the_queue_of_its_lane(cloud_post: Post) -> None:
    cloud_post.send_transient("nudge", "together")
    assert waiting(cloud_of(cloud_post))[QUEUES[Lane.REALTIME]] == 1


def test_the_sweep_sends_each_message_to_the_queue_of_its_lane(cloud_post: Post, cloud_mails: Mails) -> None:
    cloud_post.post("later", after=HOUR)
    cloud_post.clock.turn(seconds=HOUR)
    scheduler.resend_due_messages()
    assert waiting(cloud_of(cloud_post)) == {QUEUES[Lane.WORK]: 0, QUEUES[Lane.REALTIME]: 1}


def test_a_real_time_message_that_was_under_way_in_the_only_queue_is_done(cloud_post: Post) -> None:
    queue = cloud_post.carrier.queue
    assert isinstance(queue, SQSQueue)
    # As a version of Petri does that knows one queue.
    queue._names = dict.fromkeys(Lane, QUEUES[Lane.WORK])
    cloud_post.post("of before")
    queue._names = dict(QUEUES)
    cloud_post.post("of now")
    cloud_post.work_until(lambda: sorted(cloud_post.rung) == ["of before", "of now"])
    assert cloud_post.recorded() == 0


@pytest.fixture
def called(cloud_post: Post, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is asked of SQS, each with the queue's address."""
    queue, made = cloud_post.carrier.queue, []
    assert isinstance(queue, SQSQueue)

    def noted(operation: str) -> Callable[..., Any]:
        ask = getattr(queue._client, operation)

        def call(**given: Any) -> Any:
            made.append((operation, given["QueueUrl"].rpartition("/")[2]))
            return ask(**given)

        return call

    for operation in ("send_message_batch", "change_message_visibility"):
        monkeypatch.setattr(queue._client, operation, noted(operation))
    return made


def test_a_message_that_failed_comes_again_by_the_queue_that_handed_it_out(
    cloud_post: Post, called: list[tuple[str, str]]
) -> None:
    cloud_post.post("oh", method="fail")
    cloud_post.work_until(lambda: cloud_post.rung == ["oh"])
    assert called[-1] == ("change_message_visibility", QUEUES[Lane.REALTIME])


def test_a_record_that_names_no_queue_comes_again_by_that_of_the_work_lane(
    cloud_post: Post, called: list[tuple[str, str]]
) -> None:
    cloud_post.post("oh", method="fail")
    record = cloud_post.next_record()
    queue_consumer.consume({"Records": [{name: record[name] for name in record if name != "eventSourceARN"}]})
    assert called[-1] == ("change_message_visibility", QUEUES[Lane.WORK])


def test_a_commit_of_both_lanes_sends_real_time_messages_first(
    cloud_post: Post, called: list[tuple[str, str]]
) -> None:
    post_both(cloud_post)
    assert called == [
        ("send_message_batch", QUEUES[Lane.REALTIME]),
        ("send_message_batch", QUEUES[Lane.WORK]),
    ]


@pytest.mark.parametrize("gone", Lane)
def test_when_one_queue_is_gone_the_other_takes_its_messages(
    cloud_post: Post, cloud_mails: Mails, gone: Lane
) -> None:
    queue = cloud_post.carrier.queue
    assert isinstance(queue, SQSQueue)
    queue._names = {**QUEUES, gone: "petri-elsewhere"}
    post_both(cloud_post)
    there = {name for name, count in waiting(cloud_of(cloud_post)).items() if count}
    assert there == set(QUEUES.values()) - {QUEUES[gone]}
    assert cloud_post.recorded() == 2


def test_when_sqs_does_not_answer_for_one_lane_the_other_is_not_tried(
    cloud_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, tried = cloud_post.carrier.queue, []
    assert isinstance(queue, SQSQueue)

    def unreachable(**given: Any) -> None:
        tried.append(given["QueueUrl"])
        raise EndpointConnectionError(endpoint_url="https://sqs.example")

    monkeypatch.setattr(queue._client, "send_message_batch", unreachable)
    with pytest.raises(Unsent) as told:
        queue.send(Message(("due#0", "1"), {"kind": "pay"}), Message(("due#0", "2"), {"kind": "timer"}))
    assert (len(tried), len(told.value.keys)) == (1, 2)
