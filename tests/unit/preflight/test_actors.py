from __future__ import annotations

import contextlib
import time

import pytest

from chalicelib.errors import ExperimentError
from infra.simulate.bot_threads import BotThread, simulated_time
from infra.simulate.timeline import Timeline


def play(timeline: Timeline) -> None:
    while timeline.step():
        pass


def test_a_bots_sleep_takes_no_real_time():
    timeline, seen = Timeline(), []

    def act() -> None:
        began = time.monotonic()
        time.sleep(3600)
        seen.append(time.monotonic() - began)

    with simulated_time():
        BotThread(timeline, "Bot", act).start()
        play(timeline)
    assert seen == [3600]


def test_the_time_of_day_follows_the_timeline():
    timeline, seen = Timeline(), []

    def act() -> None:
        time.sleep(60)
        seen.append(time.time())

    with simulated_time():
        BotThread(timeline, "Bot", act).start()
        play(timeline)
    assert seen == [timeline.began.timestamp() + 60]


def test_other_threads_keep_real_time():
    before = time.monotonic()
    with simulated_time():
        assert 0 <= time.monotonic() - before < 3600


def test_bots_take_turns_in_the_same_order_each_time():
    def order() -> list[tuple[str, float]]:
        timeline, seen = Timeline(), []

        def act(name: str, pause: float) -> None:
            for _ in range(5):
                time.sleep(pause)
                seen.append((name, timeline.seconds))

        with simulated_time():
            for name, pause in (("a", 2.0), ("b", 3.0), ("c", 1.0)):
                BotThread(timeline, name, lambda name=name, pause=pause: act(name, pause)).start()
            play(timeline)
        return seen

    assert order() == order()


def test_the_timeline_runs_a_bots_requests_and_returns_their_errors():
    timeline, seen = Timeline(), []

    def fail() -> None:
        raise ValueError("no")

    def act() -> None:
        seen.append(actor.ask(lambda: 7, 1.0))
        with pytest.raises(ValueError, match="no"):
            actor.ask(fail, 1.0)
        seen.append(timeline.seconds)

    actor = BotThread(timeline, "Bot", act)
    actor.start()
    play(timeline)
    assert seen == [7, 2.0]


def test_a_wait_ends_when_it_is_notified():
    timeline, seen = Timeline(), []

    def act() -> None:
        actor.wait(100.0)
        seen.append(timeline.seconds)

    actor = BotThread(timeline, "Bot", act)
    actor.start()
    timeline.after(3, actor.notify)
    play(timeline)
    assert seen == [3]


def test_a_wait_times_out_and_a_late_notify_changes_nothing():
    timeline, seen = Timeline(), []

    def act() -> None:
        actor.wait(2.0)
        actor.pass_time(10.0)
        seen.append(timeline.seconds)

    actor = BotThread(timeline, "Bot", act)
    actor.start()
    timeline.after(5, actor.notify)
    play(timeline)
    assert seen == [12]


def test_a_bot_that_is_dismissed_ends_where_it_stands():
    timeline, seen = Timeline(), []

    def act() -> None:
        with contextlib.suppress(Exception):
            actor.rest(100.0)
        seen.append("went on")

    actor = BotThread(timeline, "Bot", act)
    actor.start()
    actor.dismiss()
    assert (actor.is_over, seen) == (True, [])


def test_a_bot_that_computes_and_never_waits_is_named():
    timeline, stop = Timeline(), []

    def act() -> None:
        while not stop:
            pass

    try:
        with pytest.raises(ExperimentError, match="Bot 7 ran for"):
            BotThread(timeline, "Bot 7", act, stuck_after=0.05).start()
    finally:
        stop.append(True)
