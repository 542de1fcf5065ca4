"""Lambda ends a function in the middle of its work: nothing is begun for which too little time is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import services
from chalicelib.errors import Busy, Conflict
from chalicelib.invocation import seconds_left, within
from chalicelib.messages import SendOpeningState, to_body
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.operations.shared.context import Context
from chalicelib.ports import Message
from chalicelib.workers import handler_registry, queue_consumer
from chalicelib.workers.handler_registry import Received
from tests.web.conftest import NewWorld
from tests.web.experiments import Retelling
from tests.web.world import World


class InvocationContext:
    """Lambda's context, with so many seconds left, of which each look takes some."""

    def __init__(self, seconds: float, each_look: float = 0.0) -> None:
        self._left = seconds
        self._each_look = each_look

    def get_remaining_time_in_millis(self) -> int:
        left = self._left
        self._left -= self._each_look
        return int(left * 1000)


@pytest.fixture
def here(world: NewWorld) -> World:
    return world(Retelling)


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What was handled, by its number; nothing else happens."""
    done: list[int] = []
    note: Callable[[Received[SendOpeningState]], Any] = lambda message: done.append(message.body.room)  # noqa: E731
    monkeypatch.setitem(handler_registry._HANDLERS, SendOpeningState, note)
    return done


def batch(size: int) -> dict[str, Any]:
    sent = [Message(("due#0", f"key {one}"), to_body(SendOpeningState(one))) for one in range(size)]
    return {"Records": [LocalQueue.as_event(message)["Records"][0] for message in sent]}


def test_outside_lambda_nothing_ends() -> None:
    with within(None):
        assert seconds_left() == float("inf")


def test_messages_without_time_left_are_returned(here: World, handled: list[int]) -> None:
    event = batch(10)
    with within(InvocationContext(30, each_look=6)):
        failures = queue_consumer.consume(event)["batchItemFailures"]
    assert handled == [0, 1, 2, 3, 4, 5][: len(handled)]
    assert 0 < len(handled) < 10
    returned = [one["itemIdentifier"] for one in failures]
    assert returned == [record["messageId"] for record in event["Records"][len(handled) :]]


def test_a_message_that_takes_as_long_as_the_longest_so_far_is_not_begun(
    here: World, handled: list[int]
) -> None:
    here.app.longest_message = 59.0
    with within(InvocationContext(59, each_look=10)):
        queue_consumer.consume(batch(3))
    assert handled == [0]


def test_an_invocation_that_has_all_its_time_left_tries_any_message(here: World, handled: list[int]) -> None:
    here.app.longest_message = 500.0
    with within(InvocationContext(59)):
        queue_consumer.consume(batch(3))
    assert handled == [0, 1, 2]


def test_one_slow_message_stops_counting_after_some_dozen_others(here: World, handled: list[int]) -> None:
    here.app.longest_message = 60.0
    for _ in range(4):
        with within(InvocationContext(100)):
            queue_consumer.consume(batch(10))
    assert here.app.longest_message < 1


def test_the_first_message_is_always_begun(here: World, handled: list[int]) -> None:
    here.app.longest_message = 500.0
    with within(InvocationContext(1)):
        queue_consumer.consume(batch(2))
    assert handled == [0]


def test_with_time_enough_the_whole_batch_is_done(here: World, handled: list[int]) -> None:
    with within(InvocationContext(100)):
        assert queue_consumer.consume(batch(10)) == {"batchItemFailures": []}
    assert len(handled) == 10


def losing(tries: list[int]) -> Callable[[Context], None]:
    def operation(ctx: Context) -> None:
        del ctx
        tries.append(1)
        raise Conflict

    return operation


def test_an_operation_with_little_time_left_is_not_run_again(here: World) -> None:
    tries: list[int] = []
    with within(InvocationContext(9.9)), pytest.raises(Busy):
        here.app.run(losing(tries))
    assert len(tries) == 1


def test_an_operation_with_time_left_is_run_again(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BACKOFF_BASE", 0.0)
    tries: list[int] = []
    with within(InvocationContext(29)), pytest.raises(Busy):
        here.app.run(losing(tries))
    assert len(tries) == services.MAX_ATTEMPTS


def test_a_request_knows_how_much_time_it_has(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    run = here.app.run

    def noting(operation: Any, *args: Any, **kwargs: Any) -> Any:
        told.append(seconds_left())
        return run(operation, *args, **kwargs)

    monkeypatch.setattr(here.app, "run", noting)
    here.arrive()
    assert told[0] < 60
