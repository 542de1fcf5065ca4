"""What every queue does, over both twins: each message at least once, none too early, none lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.errors import Unsent
from chalicelib.invocation import within
from chalicelib.messages import Lane
from chalicelib.messaging.sqs import SQSQueue
from chalicelib.operations.schedule import dead_letters, delivery_attempts
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.ports import Message
from chalicelib.workers import queue_consumer, scheduler
from tests.contract.carriers import Post, _moto_messages, cloud_post, local_post, post

__all__ = ["_moto_messages", "cloud_post", "local_post", "post"]

HOUR = 3600.0


@pytest.fixture
def silent(post: Post, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have the queue take nothing; what is returned lets it take messages again."""

    def refuse(*sent: Message) -> None:
        raise Unsent("no answer", keys=[message.key for message in sent])

    monkeypatch.setattr(post.carrier.queue, "send", refuse)
    return monkeypatch.undo


def test_a_message_of_a_commit_is_handled(post: Post) -> None:
    post.post("one")
    post.work_until(lambda: post.rung == ["one"])


def test_a_handled_message_is_deleted(post: Post) -> None:
    post.post("one")
    post.work_until(lambda: post.rung == ["one"])
    assert post.recorded() == 0


def test_a_message_that_is_handed_out_twice_is_done_once(post: Post) -> None:
    post.post("one")
    record = post.next_record()
    for _ in range(2):
        queue_consumer.consume({"Records": [record]})
    assert post.rung == ["one"]


def test_many_messages_of_one_commit_are_all_done(post: Post) -> None:
    words = [f"word {number}" for number in range(25)]
    post.post(*words)
    post.work_until(lambda: sorted(post.rung) == sorted(words))


def test_messages_of_several_threads_are_all_done(post: Post) -> None:
    threads = [threading.Thread(target=post.post, args=(f"word {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    post.work_until(lambda: len(set(post.rung)) == 8)


def test_nothing_comes_before_it_is_due(post: Post) -> None:
    post.post("later", after=60.0)
    assert post.work(times=3) == 0


def test_a_message_due_soon_is_delivered_without_a_tick(post: Post) -> None:
    post.post("later", after=1.5)
    post.work_until(lambda: post.rung == ["later"])


def test_a_message_due_in_an_hour_stays_recorded_until_then(post: Post) -> None:
    post.post("later", after=HOUR)
    assert post.recorded() == 1


def test_a_message_due_in_an_hour_is_not_delivered_earlier(post: Post) -> None:
    post.post("later", after=HOUR)
    post.clock.turn(seconds=HOUR - 120)
    scheduler.tick()
    assert post.work(times=3) == 0


def test_the_tick_before_sends_a_message_due_in_an_hour_on_time(post: Post) -> None:
    post.post("later", after=HOUR)
    post.clock.turn(seconds=HOUR - 2)
    scheduler.tick()
    post.clock.turn(seconds=2)
    post.work_until(lambda: post.rung == ["later"])


def test_a_message_that_failed_comes_again(post: Post) -> None:
    post.post("oh", method="fail")
    post.work_until(lambda: post.rung == ["oh", "oh"])


def test_a_message_that_comes_again_says_how_often_it_came(post: Post) -> None:
    post.post("oh", method="fail")
    post.work_until(lambda: post.rung == ["oh"])
    assert post.next_record()["attributes"]["ApproximateReceiveCount"] == "2"


def test_messages_in_a_batch_with_a_failed_one_are_handled_once(post: Post) -> None:
    post.post("oh", method="fail")
    post.post("fine")
    post.work_until(lambda: post.rung.count("oh") == 2)
    assert post.rung.count("fine") == 1


def test_a_message_that_failed_too_often_is_kept_as_a_dead_letter(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_consumer, "MAX_DELIVERIES", 2)
    post.post("oh", method="fail")
    post.work_until(lambda: len(post.app.run(dead_letters.list_dead_letters, caller=OPERATOR_CALLER)) == 1)


def test_hundreds_of_messages_of_one_commit_are_each_done_once(post: Post) -> None:
    words = [f"word {number}" for number in range(130)]
    post.post(*words)
    post.work_until(lambda: len(post.rung) >= len(words))
    assert post.work(times=3) == 0
    assert sorted(post.rung) == sorted(words)


def test_a_burst_of_nudges_makes_few_messages(post: Post) -> None:
    for number in range(100):
        post.send_transient(f"nudge {number}", "together", after=0.25)
    post.work_until(lambda: len(post.rung) >= 1)
    assert post.work(times=5) + len(post.rung) <= 3


def test_nudges_of_other_names_all_come(post: Post) -> None:
    for number in range(12):
        post.send_transient(f"nudge {number}", f"name {number}")
    post.work_until(lambda: len(set(post.rung)) == 12)


def test_a_nudge_after_one_that_was_done_comes_too(post: Post) -> None:
    post.send_transient("first", "together")
    post.work_until(lambda: post.rung == ["first"])
    post.send_transient("second", "together")
    post.work_until(lambda: post.rung == ["first", "second"])


def test_a_request_succeeds_while_the_queue_refuses_messages(post: Post, silent: Callable[[], None]) -> None:
    post.post("one")
    assert post.recorded() == 1


def test_a_message_that_the_queue_refused_is_swept(post: Post, silent: Callable[[], None]) -> None:
    post.post("one")
    silent()
    post.clock.turn(minutes=1)
    scheduler.resend_due_messages()
    post.work_until(lambda: post.rung == ["one"])


def test_a_message_in_flight_is_not_sent_again(post: Post) -> None:
    post.post("one")
    scheduler.resend_due_messages()
    assert len(post.carrier.receive() + post.carrier.receive()) == 1


def test_a_swept_message_is_not_swept_again_a_minute_later(post: Post, silent: Callable[[], None]) -> None:
    post.post("one")
    silent()
    for _ in range(2):
        post.clock.turn(minutes=1)
        scheduler.resend_due_messages()
    assert len(post.carrier.receive() + post.carrier.receive()) == 1


def test_a_swept_message_that_is_lost_again_is_swept_again(cloud_post: Post) -> None:
    cloud_post.post("one")
    cloud_post.next_record()
    cloud_post.clock.turn(minutes=1)
    scheduler.resend_due_messages()
    cloud_post.next_record()
    cloud_post.clock.turn(minutes=31)
    scheduler.resend_due_messages()
    cloud_post.carrier.hand_over([cloud_post.next_record()])
    assert cloud_post.rung == ["one"]


def test_a_message_too_long_for_a_queue_is_handled(post: Post) -> None:
    word = "ü" * 140_000
    post.post(word)
    post.work_until(lambda: post.rung == [word])


def test_several_long_messages_of_one_commit_are_all_done(post: Post) -> None:
    words = [letter * 100_000 for letter in "abcde"]
    post.post(*words)
    post.work_until(lambda: sorted(post.rung) == words)


def test_several_consumers_at_once_do_everything_once(cloud_post: Post) -> None:
    words = [f"word {number}" for number in range(40)]
    for start in range(0, 40, 10):
        cloud_post.post(*words[start : start + 10])
    done = threading.Event()

    def consume() -> None:
        while not done.is_set():
            cloud_post.work()

    consumers = [threading.Thread(target=consume) for _ in range(3)]
    for thread in consumers:
        thread.start()
    cloud_post.work_until(lambda: len(set(cloud_post.rung)) == 40)
    done.set()
    for thread in consumers:
        thread.join()
    assert sorted(cloud_post.rung) == sorted(words)


# -- SQS alone --------------------------------------------------------------------------------------


class Spy:
    """Passes calls on to a client, and counts them; some may be bent."""

    def __init__(self, client: object) -> None:
        self._client = client
        self.calls: list[str] = []
        self.delays: list[int] = []
        self.refuses: set[str] = set()

    def __getattr__(self, operation: str) -> object:
        def call(**given: object) -> object:
            self.calls.append(operation)
            entries: Any = given.get("Entries", ())
            self.delays += [entry["DelaySeconds"] for entry in entries]
            answer = getattr(self._client, operation)(**given)
            return self._bent(answer) if operation == "send_message_batch" else answer

        return call

    def _bent(self, answer: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
        failed = [{"Id": one["Id"], "Code": "InternalError"} for one in answer["Successful"]]
        return {"Failed": [one for one in failed if one["Id"] in self.refuses]}


@pytest.fixture
def spy(cloud_post: Post) -> Spy:
    """What the queue of the run in the cloud asks of SQS."""
    queue = cloud_post.carrier.queue
    assert isinstance(queue, SQSQueue)
    made = Spy(queue._client)
    queue.__dict__["_client"] = made
    return made


def test_a_commit_sends_ten_messages_in_a_call(cloud_post: Post, spy: Spy) -> None:
    cloud_post.post(*[f"word {number}" for number in range(25)])
    assert spy.calls.count("send_message_batch") == 3


@pytest.mark.parametrize(("after", "delay"), [(0.0, 0), (0.25, 1), (1.5, 2), (900.0, 900)])
def test_a_delay_is_rounded_up_to_whole_seconds(cloud_post: Post, spy: Spy, after: float, delay: int) -> None:
    cloud_post.post("later", after=after)
    assert spy.delays == [delay]


def test_where_the_queue_is_is_asked_once(cloud_post: Post, spy: Spy) -> None:
    for number in range(3):
        cloud_post.post(f"word {number}")
    assert spy.calls.count("get_queue_url") == 1


def test_a_message_due_in_an_hour_is_not_sent(cloud_post: Post, spy: Spy) -> None:
    cloud_post.post("later", after=HOUR)
    assert spy.calls == []


def test_one_message_that_sqs_refuses_is_named(cloud_post: Post, spy: Spy) -> None:
    spy.refuses = {"1"}
    sent = [Message(("due#0", f"key {number}"), {"kind": "run_timer"}) for number in range(3)]
    with pytest.raises(Unsent) as told:
        cloud_post.carrier.queue.send(*sent)
    assert told.value.keys == {("due#0", "key 1")}


def test_one_message_that_sqs_refused_is_swept_and_the_others_are_not(cloud_post: Post, spy: Spy) -> None:
    spy.refuses = {"1"}
    cloud_post.post("one", "two", "three", after=HOUR)
    cloud_post.clock.turn(seconds=HOUR)
    with pytest.raises(Unsent):
        scheduler.resend_due_messages()
    spy.refuses = set()
    assert scheduler.resend_due_messages() == 1


def test_when_sqs_does_not_answer_the_rest_is_not_tried(
    cloud_post: Post, spy: Spy, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud_post.post("first")
    monkeypatch.setattr(spy, "_bent", unreachable)
    with pytest.raises(Unsent) as told:
        cloud_post.carrier.queue.send(
            *[Message(("due#0", str(one)), {"kind": "run_timer"}) for one in range(25)]
        )
    assert (len(told.value.keys), spy.calls.count("send_message_batch")) == (25, 2)


def unreachable(answer: object) -> None:
    raise EndpointConnectionError(endpoint_url="https://sqs.example")


def test_a_queue_that_is_gone_loses_nothing(cloud_post: Post) -> None:
    queue = cloud_post.carrier.queue
    assert isinstance(queue, SQSQueue)
    queue._names = dict.fromkeys(Lane, "petri-elsewhere")
    cloud_post.post("one")
    assert cloud_post.recorded() == 1


def test_a_nudge_that_could_not_be_sent_does_not_stand_in_the_way_of_the_next(
    cloud_post: Post, spy: Spy
) -> None:
    spy.refuses = {"0"}
    cloud_post.send_transient("first", "together", after=0.25)
    spy.refuses = set()
    cloud_post.send_transient("second", "together", after=0.25)
    assert spy.calls.count("send_message_batch") == 2


def test_an_unreadable_message_is_reported_and_the_others_are_handled(cloud_post: Post) -> None:
    cloud_post.post("one")
    record = cloud_post.next_record()
    junk = {**record, "messageId": "junk", "body": json.dumps({"who": "somebody else"})}
    assert queue_consumer.consume({"Records": [junk, record]}) == {
        "batchItemFailures": [{"itemIdentifier": "junk"}]
    }
    assert cloud_post.rung == ["one"]


# -- deliveries that were never tried ---------------------------------------------------------------


class LittleTime:
    """The context of an invocation that has two seconds left."""

    def get_remaining_time_in_millis(self) -> int:
        return 2000


@contextmanager
def counted(post: Post) -> Iterator[list[str]]:
    """Note each count that the store is asked for."""
    names: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        begin = delivery_attempts.begin

        def noting(ctx: Context, name: str) -> int:
            names.append(name)
            return begin(ctx, name)

        patch.setattr(delivery_attempts, "begin", noting)
        yield names


def delivered(record: dict[str, Any], times: int) -> dict[str, Any]:
    """Return the event of a record that SQS says it has delivered so often."""
    attributes = {**record["attributes"], "ApproximateReceiveCount": str(times)}
    return {"Records": [{**record, "attributes": attributes}]}


def buried(post: Post) -> list[str]:
    return [letter["why"] for letter in post.app.run(dead_letters.list_dead_letters, caller=OPERATOR_CALLER)]


def counts(post: Post) -> list[int]:
    """Return the tries that the store counts."""
    return post.app.run(lambda ctx: [item["v"] for item in ctx.uow.items("counter", "tries#")])


def test_a_message_that_was_only_handed_back_is_carried_out(cloud_post: Post) -> None:
    cloud_post.post("one")
    assert queue_consumer.consume(delivered(cloud_post.next_record(), 40)) == {"batchItemFailures": []}
    assert (cloud_post.rung, buried(cloud_post)) == (["one"], [])


def test_a_nudge_that_was_only_handed_back_is_carried_out(cloud_post: Post) -> None:
    cloud_post.send_transient("one", "name")
    assert queue_consumer.consume(delivered(cloud_post.next_record(), 40)) == {"batchItemFailures": []}
    assert cloud_post.rung == ["one"]


def test_deliveries_without_a_try_do_not_bury_a_message_at_its_first_failure(cloud_post: Post) -> None:
    cloud_post.post("oh", method="fail")
    assert queue_consumer.consume(delivered(cloud_post.next_record(), 40))["batchItemFailures"]
    assert buried(cloud_post) == []


def test_the_twelfth_failure_buries_a_message_however_often_it_was_handed_back(cloud_post: Post) -> None:
    cloud_post.post("oh", method="fail")
    record = cloud_post.next_record()
    for delivery in range(1, 2 * queue_consumer.MAX_DELIVERIES, 2):
        assert buried(cloud_post) == []
        queue_consumer.consume(delivered(record, delivery))
    assert buried(cloud_post) == ["LookupError: the author's mistake"]
    assert (len(cloud_post.rung), counts(cloud_post)) == (queue_consumer.MAX_DELIVERIES, [])


def test_a_message_that_ended_its_process_is_buried_after_twelve_tries(cloud_post: Post) -> None:
    cloud_post.post("one")
    record = cloud_post.next_record()
    key = json.loads(record["body"])["key"]
    for _ in range(queue_consumer.MAX_DELIVERIES):
        cloud_post.app.run(delivery_attempts.begin, delivery_attempts.attempt_name(tuple(key)))
    queue_consumer.consume(delivered(record, 40))
    (why,) = buried(cloud_post)
    assert "ended in each of 12 attempts" in why
    assert (cloud_post.rung, counts(cloud_post)) == ([], [])


def test_a_message_that_succeeds_at_once_is_not_counted(cloud_post: Post) -> None:
    cloud_post.post("one")
    record = cloud_post.next_record()
    with counted(cloud_post) as written:
        queue_consumer.consume({"Records": [record]})
    assert (cloud_post.rung, written) == (["one"], [])


def test_the_count_of_a_message_that_succeeds_later_is_deleted(cloud_post: Post) -> None:
    cloud_post.post("one")
    queue_consumer.consume(delivered(cloud_post.next_record(), 2))
    assert counts(cloud_post) == []


def test_a_returned_message_is_redelivered_after_a_second(
    cloud_post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[int] = []
    queue = cloud_post.carrier.queue
    monkeypatch.setattr(queue, "retry_later", lambda receipt, tries, source: pauses.append(tries))
    cloud_post.post("one", "two")
    event = {"Records": [delivered(cloud_post.next_record(), 9)["Records"][0]] * 2}
    with within(LittleTime()):
        queue_consumer.consume(event)
    assert pauses == [1]


# -- nudges that other processes sent ---------------------------------------------------------------


def nudged(post: Post, word: str, *, sent: float, method: str = "note") -> dict[str, Any]:
    """Hand over a nudge that was sent so many seconds from now; return the answer."""
    body = {"kind": "run_timer", "method": method, "arguments": {"word": word}}
    moment = int((post.clock.now().timestamp() + sent) * 1000)
    record = {
        "messageId": word,
        "receiptHandle": "receipt",
        "body": json.dumps({"key": ["nudge", "together"], "body": body}),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": str(moment)},
    }
    return queue_consumer.consume({"Records": [record]})


def test_a_nudge_that_was_sent_before_the_last_was_begun_is_left_out(local_post: Post) -> None:
    nudged(local_post, "first", sent=-1)
    nudged(local_post, "second", sent=-1)
    assert local_post.rung == ["first"]


def test_a_nudge_that_was_sent_after_the_last_was_begun_is_carried_out(local_post: Post) -> None:
    nudged(local_post, "first", sent=-1)
    nudged(local_post, "second", sent=0)
    assert local_post.rung == ["first", "second"]


def test_a_nudge_that_failed_covers_no_other(local_post: Post) -> None:
    nudged(local_post, "first", sent=-1, method="fail")
    nudged(local_post, "second", sent=-1)
    assert local_post.rung == ["first", "second"]
