"""What follows a submission on Mechanical Turk: how many messages and commits, and after any crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.invocation import within
from chalicelib.messages import RunTimer
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.operations.participant import submission
from chalicelib.workers import queue_consumer, scheduler
from tests.web.access.test_time_left import InvocationContext
from tests.web.conftest import NewWorld
from tests.web.experiments import with_hooks
from tests.web.money.test_vendor_reports import from_sns
from tests.web.paying_runs import Till, paying
from tests.web.world import Person


class Killed(BaseException):
    """The process ends at this point."""


def finished(world: NewWorld, bonus: float = 0.5, **settings: Any) -> tuple[Till, Person]:
    """A participant of Mechanical Turk who has finished, and whose place can be given to another."""
    till = Till(world, with_hooks(paying(bonus=bonus), over_recruitment=10), **settings)
    till.here.app.recruiters.recruiters["mturk"] = till.vendor
    person = till.arrive(recruiter="mturk")
    person.answer(person.join())
    person.finish()
    till.work()
    return till, person


def submit(till: Till, person: Person, times: int = 1) -> int:
    """Deliver the report, and work until nothing is left; return how many messages the queue delivered."""
    for number in range(times):
        event = from_sns("AssignmentSubmitted", person.assignment_id, str(number))
        assert queue_consumer.consume(event) == {"batchItemFailures": []}
    return times + drained(till)


def drained(till: Till) -> int:
    queue = till.here.app.queue
    assert isinstance(queue, LocalQueue)
    count = 0
    while (message := queue.take()) is not None:
        count += 1
        failed = queue_consumer.consume(LocalQueue.as_event(message, queue.tries(message)))[
            "batchItemFailures"
        ]
        (queue.failed if failed else queue.done)(message)
    return count


def restarted(till: Till) -> None:
    """Begin with an empty queue, and let the clock find what was lost."""
    till.here.app.queue = LocalQueue(till.here.app.clock)
    for _ in range(40):
        till.here.clock.turn(minutes=1)
        scheduler.resend_due_messages()
        till.work()


@contextmanager
def dying(till: Till, monkeypatch: pytest.MonkeyPatch, at: int, when: str) -> Iterator[Counter[str]]:
    """End the process before or after its commit of this number."""
    done: Counter[str] = Counter()
    commit = till.here.engine.commit

    def counted(writes: Any) -> None:
        done["commits"] += 1
        if when == "before" and done["commits"] == at:
            raise Killed
        commit(writes)
        if when == "after" and done["commits"] == at:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(till.here.engine, "commit", counted)
        yield done


def everything_once(till: Till, person: Person) -> None:
    assert person.now()["status"] == "approved"
    assert till.ledger(person) == {"base": "paid", "bonus": "paid"}
    paid = [(kind, amount) for number, kind, amount in till.vendor.books if number == person.id]
    assert sorted(paid) == [("base", Decimal("1.00")), ("bonus", Decimal("0.50"))]
    assert till.here.app.store.due(till.here.clock.now()) == []


def test_the_queue_delivers_two_messages_for_a_submission(world: NewWorld) -> None:
    till, person = finished(world, base_payment=1)
    assert submit(till, person) == 2
    everything_once(till, person)


def test_a_submission_takes_so_many_commits(world: NewWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    till, person = finished(world, base_payment=1)
    before = till.vendor.places
    with dying(till, monkeypatch, at=0, when="never") as done:
        submit(till, person)
    # The report with base pay, begun; that payment settled; the review with the bonus, begun; that one
    # settled; the decision to recruit; what the recruiter answered.
    assert (till.vendor.places - before, done["commits"]) == (1, 6)


@pytest.mark.parametrize(("places", "units"), [(1, 5), (0, 4)])
def test_a_submission_takes_so_many_units_of_work(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch, places: int, units: int
) -> None:
    till, person = finished(world, bonus=0, base_payment=1, auto_recruit=bool(places))
    before = till.vendor.places
    begun: list[Any] = []
    begin = till.here.app.store.begin
    monkeypatch.setattr(till.here.app.store, "begin", lambda now: begun.append(now) or begin(now))
    assert submit(till, person) == 2
    assert (till.vendor.places - before, len(begun)) == (places, units)
    assert till.ledger(person) == {"base": "paid"}


def test_an_unrecorded_notification_takes_no_unit_of_work_to_be_deleted(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    till, _ = finished(world, base_payment=1)
    begun: list[Any] = []
    begin = till.here.app.store.begin
    monkeypatch.setattr(till.here.app.store, "begin", lambda now: begun.append(now) or begin(now))
    queue_consumer.consume(from_sns("AssignmentReturned", "nobody's"))
    assert len(begun) == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(1, 7))
def test_a_process_that_ends_around_any_commit_loses_and_repeats_nothing(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch, at: int, when: str
) -> None:
    till, person = finished(world, base_payment=1)
    before = till.vendor.places
    with dying(till, monkeypatch, at, when), pytest.raises(Killed):
        submit(till, person)
    restarted(till)
    queue_consumer.consume(from_sns("AssignmentSubmitted", person.assignment_id, "again"))
    restarted(till)
    everything_once(till, person)
    assert till.vendor.places == before + 1


@pytest.mark.parametrize("fault", ["unreachable", "answer lost", Killed()])
def test_a_payment_that_fails_while_it_is_continued_with_is_paid_once(world: NewWorld, fault: Any) -> None:
    till, person = finished(world, base_payment=1)
    till.vendor.faults.append(fault)
    if isinstance(fault, Killed):
        with pytest.raises(Killed):
            submit(till, person)
    else:
        submit(till, person)
    restarted(till)
    everything_once(till, person)


def test_a_report_that_is_delivered_twice_is_paid_once(world: NewWorld) -> None:
    till, person = finished(world, base_payment=1)
    before = till.vendor.places
    submit(till, person, times=2)
    everything_once(till, person)
    assert till.vendor.places == before + 1


def test_messages_that_there_is_no_time_to_continue_with_go_through_the_queue(world: NewWorld) -> None:
    till, person = finished(world, base_payment=1)
    with within(InvocationContext(queue_consumer.SECONDS_TO_CONTINUE)):
        queue_consumer.consume(from_sns("AssignmentSubmitted", person.assignment_id))
    assert till.vendor.books == []
    assert drained(till) == 2
    everything_once(till, person)


def test_a_timer_that_recruits_has_no_vendor_called_in_the_real_time_lane(world: NewWorld) -> None:
    def ask(self: Any) -> None:
        self.recruiter.recruit(n=1)

    till = Till(world, with_hooks(paying(), over_recruitment=10, ask=ask))
    till.work()
    before = till.vendor.places
    till.here.app.run(lambda ctx: ctx.uow.post(RunTimer("ask", {})))
    queue = till.here.app.queue
    assert isinstance(queue, LocalQueue)
    timer = queue.take()
    assert timer is not None
    assert queue_consumer.consume(LocalQueue.as_event(timer)) == {"batchItemFailures": []}
    assert till.vendor.places == before
    drained(till)
    assert till.vendor.places == before + 1


def test_a_submission_that_cannot_be_processed_at_once_is_kept_and_processed_later(
    world: NewWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    till, person = finished(world, base_payment=1)

    def refuse(*about: Any) -> None:
        raise ExperimentError("base_payment must be a number of dollars.")

    with monkeypatch.context() as patch:
        patch.setattr(submission, "record_base_pay", refuse)
        queue_consumer.consume(from_sns("AssignmentSubmitted", person.assignment_id))
    assert [one["event_type"] for one in till.here.items("notification")] == ["AssignmentSubmitted"]
    restarted(till)
    everything_once(till, person)
