"""What the clock calls: `after`, `@scheduled`, background tasks; each done once, however often delivered."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.routes import ScheduledFunction
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.workers import queue_consumer, scheduler
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Meeting, with_members
from tests.realtime.stage import Stage


class Rounds(Meeting):
    """Each message starts a timer of so many seconds."""

    def receive_message(self, message: str, channel_name: str | None = None, **more: Any) -> None:
        if channel_name == "talk":
            self.after(float(message), "ring", number=len(self.state.get("journal", [])))

    def ring(self, number: int) -> None:
        self.note("rang", number)


@pytest.fixture
def rounds(new_stage: NewStage) -> Stage:
    return new_stage(Rounds)


@pytest.mark.parametrize("seconds", [0.1, 1, 60, 15 * 60, 3600])
def test_a_timer_rings_when_its_time_has_come(rounds: Stage, seconds: float) -> None:
    _, ear = rounds.arrive_with_ear("talk")
    ear.say(f"talk:{seconds}")
    rounds.wait(seconds - 0.05)
    early = rounds.journal("rang")
    rounds.wait(0.1)
    assert (early, rounds.journal("rang")) == ([], [["rang", 0]])


def test_a_timer_that_is_delivered_twice_rings_once(rounds: Stage) -> None:
    _, ear = rounds.arrive_with_ear("talk")
    ear.say("talk:1")
    rounds.world.clock.turn(seconds=1)
    queue = rounds.world.app.queue
    assert isinstance(queue, LocalQueue)
    message = queue.take()
    assert message is not None
    queue_consumer.handle(message)
    queue_consumer.handle(message)
    assert len(rounds.journal("rang")) == 1


def test_a_timer_survives_a_crash(rounds: Stage) -> None:
    _, ear = rounds.arrive_with_ear("talk")
    ear.say("talk:5")
    rounds.world.app.queue = LocalQueue(rounds.world.clock)
    rounds.wait(65)
    assert rounds.journal("rang") == [["rang", 0]]


def test_a_timer_of_a_request_that_failed_never_rings(new_stage: NewStage) -> None:
    def hear(self: Rounds, message: str, channel_name: str | None = None, **more: Any) -> None:
        if channel_name == "talk":
            self.after(1, "ring", number=1)
            raise LookupError("the author's mistake")

    stage = new_stage(with_members(Rounds, receive_message=hear, immediate=True))
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:1")
    stage.wait(2)
    assert stage.journal("rang") == []


def test_draws_of_two_rings_differ(new_stage: NewStage) -> None:
    def ring(self: Rounds, number: int) -> None:
        self.note("drew", self.random.random())

    stage = new_stage(with_members(Rounds, ring=ring))
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:1")
    ear.say("talk:2")
    stage.wait(3)
    first, second = (entry[1] for entry in stage.journal("drew"))
    assert first != second


# -- the clock -------------------------------------------------------------------------------------


def each(minutes: int) -> ScheduledFunction:
    return ScheduledFunction(minutes, "round", lambda experiment: experiment.note("round"), is_method=True)


@pytest.mark.parametrize(("minutes", "times"), [(1, 10), (5, 2), (60, 0)])
def test_a_scheduled_function_is_called_every_so_many_minutes(stage: Stage, minutes: int, times: int) -> None:
    stage.world.app.scheduled = [each(minutes)]
    stage.wait(600)
    assert len(stage.journal("round")) == times


def test_a_minute_that_ticks_twice_calls_it_once(stage: Stage) -> None:
    stage.world.app.scheduled = [each(1)]
    scheduler.tick()
    scheduler.tick()
    assert len(stage.journal("round")) == 1


def test_a_scheduled_function_of_the_module_is_called(stage: Stage) -> None:
    called = []
    stage.world.app.scheduled = [ScheduledFunction(1, "own", lambda: called.append(1), is_method=False)]
    scheduler.tick()
    assert called == [1]


def test_one_that_raises_stops_no_other(stage: Stage) -> None:
    def fail(experiment: Experiment) -> None:
        raise LookupError("the author's mistake")

    stage.world.app.scheduled = [ScheduledFunction(1, "bad", fail, is_method=True), each(1)]
    scheduler.tick()
    assert len(stage.journal("round")) == 1


def test_one_that_raises_writes_nothing(stage: Stage) -> None:
    def fail(experiment: Any) -> None:
        experiment.note("half done")
        raise LookupError("the author's mistake")

    stage.world.app.scheduled = [ScheduledFunction(1, "bad", fail, is_method=True)]
    scheduler.tick()
    assert stage.journal() == []


class Busy(Meeting):
    """Notes when its background task is called."""

    @property
    def background_tasks(self) -> list[Any]:
        return [lambda: self.note("task")]


def test_background_tasks_are_called_at_launch_and_each_minute(new_stage: NewStage) -> None:
    stage = new_stage(Busy)
    at_launch = len(stage.journal("task"))
    stage.wait(180)
    assert (at_launch, len(stage.journal("task"))) == (1, 4)


def test_a_minute_that_ticks_twice_calls_them_once(new_stage: NewStage) -> None:
    stage = new_stage(Busy)
    scheduler.tick()
    scheduler.tick()
    assert len(stage.journal("task")) == 2


# -- chains of timers ------------------------------------------------------------------------------


class Chained(Meeting):
    """Each timer sets the next one at once; `forks` of them."""

    forks = 1

    def receive_message(self, message: str, channel_name: str | None = None, **more: Any) -> None:
        if channel_name == "talk":
            self.after(0, "ring", left=int(message))

    def ring(self, left: int) -> None:
        self.note("rang", left)
        if left:
            for _ in range(self.forks):
                self.after(0, "ring", left=left - 1)


@pytest.fixture
def chained(new_stage: NewStage) -> Stage:
    return listening(new_stage(Chained, timer_limit=10))


class Letters:
    """The operator's mailbox."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def tell(self, subject: str, text: str) -> None:
        self.texts.append(text)


def listening(stage: Stage) -> Stage:
    stage.world.app.mailer = Letters()
    return stage


def notices(stage: Stage) -> list[str]:
    letters = stage.world.app.mailer
    assert isinstance(letters, Letters)
    return [text for text in letters.texts if "timer_limit" in text]


def test_a_chain_of_timers_below_the_limit_rings_at_once(chained: Stage) -> None:
    _, ear = chained.arrive_with_ear("talk")
    ear.say("talk:10")
    assert (len(chained.journal("rang")), notices(chained)) == (11, [])


def test_a_chain_of_timers_without_end_is_slowed_down_to_the_limit(chained: Stage) -> None:
    _, ear = chained.arrive_with_ear("talk")
    ear.say("talk:1000")
    rung = [len(chained.journal("rang"))]
    for _ in range(3):
        chained.wait(60)
        rung.append(len(chained.journal("rang")))
    # The first timer was set by a message, not by a timer.
    assert rung == [11, 21, 31, 41]


def test_the_operator_is_notified_once_which_method_sets_too_many_timers(chained: Stage) -> None:
    _, ear = chained.arrive_with_ear("talk")
    ear.say("talk:1000")
    chained.wait(300)
    (told,) = notices(chained)
    assert "calls ring(), as number 12 of a chain" in told


def test_no_timer_that_was_put_off_is_lost(chained: Stage) -> None:
    _, ear = chained.arrive_with_ear("talk")
    ear.say("talk:35")
    chained.wait(300)
    assert [left for _, left in chained.journal("rang")] == list(range(35, -1, -1))


def test_timers_that_no_timer_has_set_are_not_counted(chained: Stage) -> None:
    _, ear = chained.arrive_with_ear("talk")
    for _ in range(30):
        ear.say("talk:0")
    assert (len(chained.journal("rang")), notices(chained)) == (30, [])


def test_the_limit_is_that_of_the_whole_run(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Chained, forks=2), timer_limit=10)
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:4")
    # 1 + 2 + 4 + 8 + 16 timers, of which all but the first were set by timers.
    rung = [len(stage.journal("rang"))]
    for _ in range(5):
        stage.wait(60)
        rung.append(len(stage.journal("rang")))
    assert rung[0] == 11
    assert max(after - before for before, after in itertools.pairwise(rung)) == 10
    assert rung[-1] == 31


def test_counts_of_earlier_minutes_are_not_kept(chained: Stage) -> None:
    _, ear = chained.arrive_with_ear("talk")
    ear.say("talk:50")
    chained.wait(120)
    assert chained.world.engine.count("timers") == 1
