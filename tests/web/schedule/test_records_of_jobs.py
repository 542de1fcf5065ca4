"""What ticks, timers and the outbox record: claims, counts, marks, and how long each holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import NotFound
from chalicelib.messages import NotifyOperator, RecordReturn, RunTimer, to_body
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.schedule import (
    dead_letters,
    delivery_attempts,
    outbox,
    schedule_state,
    ticks,
    timers,
)
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.ports import TRANSIENT, Message
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from chalicelib.workers import scheduler
from tests.web.conftest import NewWorld
from tests.web.experiments import with_hooks
from tests.web.paying_runs import Till, paying
from tests.web.world import OPERATOR_TOKEN, World

NOON = "2026-03-01T12:00:00.000000Z"
MINUTE = 29_539_440
"""The minute of that noon, counted from 1970."""


@pytest.fixture
def here(world: NewWorld) -> World:
    return world()


def stored(here: World, key: tuple[str, str]) -> dict[str, Any]:
    (found,) = [item for item in here.items() if (item["pk"], item["sk"]) == key]
    return dict(found)


# -- ticks ------------------------------------------------------------------------------------------


def test_a_job_of_a_minute_is_claimed_once(here: World) -> None:
    claims = [here.app.run(ticks.claim_job, "sweep", MINUTE) for _ in range(2)]
    assert claims == [True, False]


def test_a_minute_that_has_passed_is_not_claimed_from_the_next_day(here: World) -> None:
    tomorrow = MINUTE + ticks.DAY
    claims = [here.app.run(ticks.claim_job, "sweep", minute) for minute in (MINUTE, tomorrow, MINUTE)]
    assert claims == [True, True, False]


def test_jobs_of_one_minute_are_claimed_apart(here: World) -> None:
    assert [here.app.run(ticks.claim_job, job, MINUTE) for job in ("sweep", "sockets")] == [True, True]


def test_the_record_of_a_job_tells_its_minute_and_its_times(here: World) -> None:
    here.clock.turn(seconds=2)
    here.app.run(ticks.claim_job, "sweep", MINUTE)
    begun = {"job": "sweep", "scheduled_for": NOON, "started": "2026-03-01T12:00:02.000000Z"}
    assert here.app.run(ticks.list_ticks) == [{**begun, "ended": None, "result": None}]
    here.clock.turn(seconds=1)
    here.app.run(ticks.finish_job, "sweep", MINUTE, "x" * 501)
    ended = {"ended": "2026-03-01T12:00:03.000000Z", "result": "x" * 500}
    assert here.app.run(ticks.list_ticks) == [{**begun, **ended}]
    assert stored(here, keys.tick("sweep", MINUTE % ticks.DAY))["kind"] == "tick"


def test_a_job_that_ends_a_day_late_leaves_the_newer_record_alone(here: World) -> None:
    here.app.run(ticks.claim_job, "sweep", MINUTE)
    here.app.run(ticks.claim_job, "sweep", MINUTE + ticks.DAY)
    here.app.run(ticks.finish_job, "sweep", MINUTE, "late")
    (tick,) = here.app.run(ticks.list_ticks)
    assert (tick["scheduled_for"], tick["result"]) == ("2026-03-02T12:00:00.000000Z", None)


def test_a_job_that_was_never_claimed_leaves_no_record_at_its_end(here: World) -> None:
    here.app.run(ticks.finish_job, "sweep", MINUTE, "done")
    assert here.app.run(ticks.list_ticks) == []


def test_records_are_listed_by_their_minute_and_then_by_their_start(here: World) -> None:
    midnight = MINUTE + 720
    for job, minute in (("b", midnight), ("z", MINUTE), ("a", MINUTE)):
        here.app.run(ticks.claim_job, job, minute)
        here.clock.turn(seconds=1)
    assert [tick["job"] for tick in here.app.run(ticks.list_ticks)] == ["z", "a", "b"]


def test_a_job_that_was_run_by_hand_is_recorded_as_ended(here: World) -> None:
    here.clock.turn(seconds=2)
    for result in ("first", "y" * 501):
        here.app.run(ticks.record_run, "sweep by hand", MINUTE, result)
    moment = "2026-03-01T12:00:02.000000Z"
    assert here.app.run(ticks.list_ticks) == [
        {
            "job": "sweep by hand",
            "scheduled_for": NOON,
            "started": moment,
            "ended": moment,
            "result": "y" * 500,
        }
    ]
    assert stored(here, keys.tick("sweep by hand", MINUTE % ticks.DAY))["kind"] == "tick"


# -- whether the schedule is enabled ----------------------------------------------------------------


def extended(here: World) -> None:
    here.app.run(schedule_state.extend_until)


def test_the_schedule_is_enabled_for_a_quarter_of_an_hour(world: NewWorld) -> None:
    here = world(launch=False)
    assert here.app.run(schedule_state.enabled_until) is None
    until = here.app.run(schedule_state.extend_until)
    assert until == here.clock.now() + timedelta(minutes=15)
    assert here.app.run(schedule_state.enabled_until) == until
    assert stored(here, keys.AWAKE)["kind"] == "awake"


@pytest.mark.parametrize(("seconds", "enabled"), [(14 * 60 + 29, True), (14 * 60 + 30, False)])
def test_half_a_minute_before_its_end_the_schedule_may_be_disabled(
    here: World, seconds: int, enabled: bool
) -> None:
    extended(here)
    here.clock.turn(seconds=seconds)
    assert (here.app.run(schedule_state.enabled_until) is not None) == enabled


@pytest.mark.parametrize(("minutes", "left"), [(0, True), (9.99, True), (10, False), (20, False)])
def test_a_tick_extends_the_schedule_when_five_minutes_are_left(
    here: World, minutes: float, left: bool
) -> None:
    extended(here)
    here.clock.turn(minutes=minutes)
    assert here.app.run(schedule_state.has_time_left) == left


def test_without_a_record_the_schedule_has_no_time_left(world: NewWorld) -> None:
    here = world(launch=False)
    assert here.app.run(schedule_state.has_time_left) is False
    assert here.app.run(schedule_state.is_disabled) is False


def test_enabling_changes_nothing_while_the_schedule_is_enabled(here: World) -> None:
    until = here.app.run(schedule_state.extend_until)
    with here.unchanged():
        assert here.app.run(schedule_state.begin_enabling) == until
    assert here.app.run(schedule_state.begin_enabling, force=True) is None
    record = stored(here, keys.AWAKE)
    assert (record["asleep"], record["until"]) == (False, None)


@pytest.mark.parametrize(("minutes", "disabled"), [(14.99, False), (15, True)])
def test_the_schedule_is_disabled_when_its_time_has_passed(
    here: World, minutes: float, disabled: bool
) -> None:
    extended(here)
    here.clock.turn(minutes=minutes)
    assert here.app.run(schedule_state.mark_disabled) == disabled
    assert here.app.run(schedule_state.is_disabled) == disabled


def test_a_schedule_without_a_record_is_disabled_and_enabled_again(world: NewWorld) -> None:
    here = world(launch=False)
    assert here.app.run(schedule_state.mark_disabled) is True
    record = stored(here, keys.AWAKE)
    assert (record["asleep"], record["until"]) == (True, None)
    assert here.app.run(schedule_state.begin_enabling) is None
    assert here.app.run(schedule_state.is_disabled) is False


def test_a_place_is_open_until_a_participant_takes_it_or_recruitment_closes(world: NewWorld) -> None:
    here = world()
    assert here.app.run(schedule_state.has_open_places)
    here.arrive()
    assert not here.app.run(schedule_state.has_open_places)
    closed = world()
    closed.app.run(lambda ctx: ctx.uow.state.update(closed="now"))
    assert not closed.app.run(schedule_state.has_open_places)


# -- the outbox -------------------------------------------------------------------------------------


def posted(here: World, *, due_in: float | None = None) -> Message:
    """Post a message that no queue gets, and return it as it is recorded."""
    due = None if due_in is None else here.clock.now() + timedelta(minutes=due_in)
    here.app.run(lambda ctx: ctx.uow.post(RecordReturn(7), due=due))
    (item,) = [one for one in here.items("message") if one["body"]["kind"] == "record_return"]
    return Message((item["pk"], item["sk"]), item["body"], due)


@pytest.mark.parametrize(("due_in", "minutes"), [(None, 30), (-5, 30), (20, 50)])
def test_a_resent_message_is_in_flight_for_half_an_hour_from_when_it_is_due(
    here: World, due_in: float | None, minutes: int
) -> None:
    message = posted(here, due_in=due_in)
    here.app.run(outbox.mark_in_flight, [message])
    record = stored(here, message.key)
    assert record["carried_until"] == iso(here.clock.now() + timedelta(minutes=minutes))
    assert (record["kind"], record["body"]) == ("message", message.body)


def test_a_message_that_is_done_meanwhile_is_not_recorded_again(here: World) -> None:
    message = Message(("due#0", "gone"), to_body(RecordReturn(7)))
    with here.unchanged():
        here.app.run(outbox.mark_in_flight, iter([message]))


@pytest.mark.parametrize(("minutes", "due"), [(None, True), (-1, True), (0, True), (1, False)])
def test_a_message_is_resent_when_it_is_not_in_flight(here: World, minutes: float | None, due: bool) -> None:
    now = here.clock.now()
    until = None if minutes is None else now + timedelta(minutes=minutes)
    assert outbox.is_due_for_resend(Message(("due#0", "one"), {}, None, until), now) is due


def test_the_body_of_a_message_is_read_until_it_is_done(here: World) -> None:
    message = posted(here)
    assert here.app.run(outbox.body_of, message.key) == message.body
    assert here.app.run(outbox.body_of, ("due#0", "gone")) is None


def test_messages_that_were_too_many_keep_their_due_times(here: World) -> None:
    later = iso(here.clock.now() + timedelta(hours=5))
    bodies = [{"body": to_body(RecordReturn(number)), "due": due} for number, due in ((7, None), (8, later))]
    here.app.run(outbox.post_more, bodies)
    recorded = {item["body"]["participant_id"]: item["sk"][:27] for item in here.items("message")}
    assert recorded == {7: NOON, 8: later}


# -- attempts ---------------------------------------------------------------------------------------


def test_attempts_at_a_message_are_counted_until_it_is_done(here: World) -> None:
    name = delivery_attempts.attempt_name(("due#1", "mark"))
    assert name == "due#1|mark"
    assert [here.app.run(delivery_attempts.begin, name) for _ in range(2)] == [1, 2]
    assert here.app.run(delivery_attempts.begin, "due#1|other") == 1
    here.app.run(delivery_attempts.forget, name)
    assert here.app.run(delivery_attempts.begin, name) == 1


def test_messages_in_hand_are_unfinished_while_they_are_recorded_or_transient(here: World) -> None:
    assert here.app.run(delivery_attempts.unfinished_attempts) == {}
    message = posted(here)
    begun = {delivery_attempts.attempt_name(message.key): 2, f"{TRANSIENT}|a|b": 3, "due#0|gone": 4}
    with here.app.store.begin(here.clock.now()) as work:
        delivery_attempts.store_attempts(work, begun)
    assert here.app.run(delivery_attempts.unfinished_attempts) == {
        delivery_attempts.attempt_name(message.key): 2,
        f"{TRANSIENT}|a|b": 3,
    }
    with here.app.store.begin(here.clock.now()) as work:
        assert work.item(keys.counter("in-hand"))["kind"] == "counter"


# -- dead letters -----------------------------------------------------------------------------------


def test_a_dead_letter_keeps_its_message_and_the_first_words_of_why(world: NewWorld) -> None:
    till = Till(world, paying())
    message = Message(("due#0", "a-long-mark-of-a-message"), to_body(RecordReturn(7)))
    till.here.app.run(dead_letters.move_to_dead_letters, message, "w" * 2001)
    (letter,) = till.dead_letters()
    key = f"{NOON}#ark-of-a-message"
    assert letter == {
        "id": key,
        "kind": "record_return",
        "why": "w" * 2000,
        "died": NOON,
        "body": message.body,
    }
    assert till.here.app.run(dead_letters.dead_letter, key, caller=OPERATOR_CALLER) == letter
    assert stored(till.here, (keys.DEAD_LETTERS, key))["kind"] == "dead_letter"


def test_the_operator_is_notified_of_a_dead_letter_with_the_fix(world: NewWorld) -> None:
    till = Till(world, paying())
    for body in (to_body(RecordReturn(7)), to_body(NotifyOperator({"message": "lost"}))):
        till.here.app.run(dead_letters.move_to_dead_letters, Message(("due#0", "m"), body), "It broke.")
    till.work()
    assert till.letters.told == [
        (
            "A message (record_return) failed too often and became a dead letter: It broke. When you have "
            "fixed the cause, run: petri dead-letters replay"
        )
    ]


def test_dead_letters_are_listed_page_by_page(here: World) -> None:
    for number in range(3):
        message = Message(("due#0", f"m{number}"), to_body(RecordReturn(number)))
        here.app.run(dead_letters.move_to_dead_letters, message, f"Because {number}.")
    whole = here.app.run(dead_letters.list_dead_letters, caller=OPERATOR_CALLER)
    first, after = here.app.run(dead_letters.dead_letters_page, None, 2, caller=OPERATOR_CALLER)
    rest, end = here.app.run(dead_letters.dead_letters_page, after, 2, caller=OPERATOR_CALLER)
    assert (first + rest, len(first), after, end) == (whole, 2, whole[1]["id"], None)
    assert [letter["why"] for letter in whole] == ["Because 0.", "Because 1.", "Because 2."]


@pytest.mark.parametrize("operation", [dead_letters.dead_letter, dead_letters.replay_dead_letter])
def test_an_unknown_dead_letter_is_not_found(here: World, operation: Any) -> None:
    with pytest.raises(NotFound) as caught:
        here.app.run(operation, "none", caller=OPERATOR_CALLER)
    assert caught.value.code == "dead_letter_not_found"


def test_a_dead_letter_that_is_replayed_twice_at_one_moment_is_posted_once(here: World) -> None:
    message = Message(("due#0", "m"), to_body(RecordReturn(7)))
    here.app.run(dead_letters.move_to_dead_letters, message, "It broke.")
    (letter,) = here.app.run(dead_letters.list_dead_letters, caller=OPERATOR_CALLER)
    attempts: list[int] = []

    def overtaken(ctx: Context) -> None:
        dead_letters.replay_dead_letter(ctx, letter["id"])
        attempts.append(1)
        here.app.run(dead_letters.replay_dead_letter, letter["id"], caller=OPERATOR_CALLER)

    with pytest.raises(NotFound):
        here.app.run(overtaken, caller=OPERATOR_CALLER)
    posted_again = [item for item in here.items("message") if item["body"]["kind"] == "record_return"]
    assert (len(attempts), len(posted_again)) == (1, 1)


# -- timers -----------------------------------------------------------------------------------------


class Clockwork:
    """What a timer's method was called with, and the chain of the timers it sets."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str | None]] = []

    def experiment(self, **members: Any) -> Any:
        def rings(experiment: Any, word: str = "") -> None:
            self.calls.append((word, experiment.random_seed))
            experiment.random.random()

        return with_hooks(paying(), rings=rings, **members)


def test_a_timer_calls_its_method_with_its_arguments_and_draws_again(world: NewWorld) -> None:
    clockwork = Clockwork()
    here = world(clockwork.experiment())
    for word in ("tick", "tock"):
        here.app.run(timers.call_timer, "rings", {"word": word})
    assert clockwork.calls == [("tick", "seed|0|timer|rings|0"), ("tock", "seed|0|timer|rings|1")]


@pytest.mark.parametrize(("chain", "number"), [(None, 1), (0, 1), (4, 5)])
def test_a_timer_knows_its_place_in_the_chain(world: NewWorld, chain: int | None, number: int) -> None:
    here = world(Clockwork().experiment())
    known: list[int] = []

    def call(ctx: Context) -> None:
        timers.call_timer(ctx, "rings", {}, *([] if chain is None else [chain]))
        known.append(ctx.timer_chain)

    here.app.run(call)
    assert known == [number]


def test_timers_over_the_limit_of_a_minute_wait_for_the_next_ones(world: NewWorld) -> None:
    here = world(timer_limit=2)
    waits = [here.app.run(timers.minutes_over_the_limit) for _ in range(5)]
    assert waits == [0, 0, 1, 1, 2]
    here.clock.turn(minutes=1)
    assert here.app.run(timers.minutes_over_the_limit) == 0


def test_the_counts_of_earlier_minutes_are_deleted_forty_at_a_time(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    minute = int(here.clock.now().timestamp()) // 60

    def count(ctx: Context) -> list[str]:
        return [item["sk"] for item in ctx.uow.items(keys.TIMERS)]

    for earlier in range(45):
        here.app.run(
            lambda ctx, earlier=earlier: ctx.uow.increment_now(keys.timer_count(minute - earlier - 1))
        )
    here.app.run(timers.minutes_over_the_limit)
    assert len(here.app.run(count)) == 6
    here.app.run(timers.minutes_over_the_limit)
    assert len(here.app.run(count)) == 6
    here.clock.turn(minutes=1)
    here.app.run(timers.minutes_over_the_limit)
    assert here.app.run(count) == [keys.timer_count(minute + 1)[1]]


def test_a_postponed_timer_fires_later_and_is_reported_once_an_hour(world: NewWorld) -> None:
    clockwork = Clockwork()
    till = Till(world, clockwork.experiment(), timer_limit=7)
    timer = RunTimer("rings", {"word": "late"}, 3)
    for minutes in (0, 59, 1):
        till.here.clock.turn(minutes=minutes)
        till.here.app.run(timers.postpone, timer, 2)
    till.work()
    assert till.letters.told == 2 * [
        (
            "Timers that set further timers were called more than 7 times in one minute (timer_limit), so "
            "the rest is postponed to the next minutes. The latest calls rings(), as number 4 of a chain. "
            "If the chain should end, fix the method so that it stops calling after(), and deploy the "
            "experiment again. If your groups need this many timers, raise timer_limit."
        )
    ]
    assert [word for word, _ in clockwork.calls] == ["late"]
    till.go_on(minutes=2)
    assert [word for word, _ in clockwork.calls] == ["late"] * 3


def test_timed_code_waits_for_the_launch(world: NewWorld) -> None:
    tasks = property(lambda self: [lambda: None])
    here = world(with_hooks(paying(), background_tasks=tasks), launch=False)
    assert not here.app.run(timers.is_launched)
    assert not here.app.run(timers.has_background_tasks)
    here.launch()
    assert here.app.run(timers.is_launched)
    assert here.app.run(timers.has_background_tasks)
    assert not world().app.run(timers.has_background_tasks)


@pytest.mark.parametrize("is_method", [True, False])
def test_a_scheduled_function_draws_again_each_minute(world: NewWorld, is_method: bool) -> None:
    seeds: list[str | None] = []
    here = world()

    def call(ctx: Context, minute: int) -> None:
        def function(*given: Any) -> None:
            assert list(given) == ([ctx.experiment] if is_method else [])
            seeds.append(ctx.experiment.random_seed)

        timers.call_scheduled(ctx, "round", function, is_method, minute)

    for minute in (5, 6):
        here.app.run(call, minute)
    assert seeds == ["seed|0|scheduled|round|5", "seed|0|scheduled|round|6"]


def test_background_tasks_draw_again_each_minute(world: NewWorld) -> None:
    seeds: list[str | None] = []

    tasks = property(lambda self: [lambda: seeds.append(self.random_seed)] * 2)
    here = world(with_hooks(paying(), background_tasks=tasks), launch=False)
    here.app.run(timers.run_background_tasks, 5)
    assert seeds == ["seed|0|background_tasks|5"] * 2


# -- expired records ----------------------------------------------------------------------------------


def test_expired_answers_of_the_api_are_deleted_once_an_hour(here: World) -> None:
    def answer(name: str) -> None:
        found = here.post_json("/api/v1/recruitment/close", {}, token=OPERATOR_TOKEN, request_id=name)
        assert found.status == 200, found

    answer("old")
    here.clock.turn(hours=48)
    answer("young")
    scheduler.tick()
    assert [item["sk"] for item in here.items("api_answer")] == ["old", "young"]
    here.clock.turn(minutes=30)
    scheduler.tick()
    assert [item["sk"] for item in here.items("api_answer")] == ["young"]
    (job,) = [one for one in here.app.run(ticks.list_ticks) if one["job"] == "expired_records"]
    assert job["result"] == "1 deleted"


def test_a_database_that_deletes_expired_records_itself_gets_no_job_for_them(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SQLiteEngine, "deletes_expired", True)
    here.clock.turn(minutes=30)
    scheduler.tick()
    assert "expired_records" not in [one["job"] for one in here.app.run(ticks.list_ticks)]
