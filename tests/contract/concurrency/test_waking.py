"""Tests that the clock is enabled only while places are open or work is left to do, over both twins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from chalicelib.errors import VendorUnreachable
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.recruitment.recruitment import close_places_by_operator, open_places_by_operator
from chalicelib.operations.run.launch import launch
from chalicelib.operations.schedule import schedule_state
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.services import App
from chalicelib.storage.engine_store import EngineStore
from chalicelib.workers import scheduler
from infra.simulate.counting_engine import CountingEngine
from tests.contract.carriers import Post, _moto_messages, cloud_post, local_post, post

__all__ = ["_moto_messages", "cloud_post", "local_post", "post"]


def arrive(here: Post, name: str = "w1") -> int:
    """Create a participant, whose time is up after an hour."""
    said = here.app.run(create_participant, EntryRequest(name, "h", f"a-{name}", recruiter="hotair"))
    return int(said["participant"]["id"])


def pass_by(here: Post, *, minutes: int) -> None:
    """Let so much time pass, with a tick each minute while the schedule is on, and do what comes."""
    for _ in range(minutes):
        here.clock.turn(minutes=1)
        if here.carrier.rings():
            scheduler.tick()
        here.work(times=3)


@pytest.fixture
def asleep(post: Post) -> Post:
    """A run in which nothing is open, so that a tick has disabled the clock."""
    scheduler.tick()
    return post


def test_after_the_deployment_the_clock_is_enabled(post: Post) -> None:
    assert post.carrier.rings()


def test_the_first_tick_disables_the_clock_of_a_run_that_was_not_launched(asleep: Post) -> None:
    assert not asleep.carrier.rings()


def test_a_launch_that_opens_places_enables_the_clock(asleep: Post) -> None:
    asleep.app.run(launch, caller=OPERATOR_CALLER)
    assert asleep.carrier.rings()


def test_opening_a_place_enables_the_clock(asleep: Post) -> None:
    asleep.app.run(open_places_by_operator, 1, ignore_free_seats=True, caller=OPERATOR_CALLER)
    assert asleep.carrier.rings()


def test_a_new_participant_enables_the_clock(asleep: Post) -> None:
    arrive(asleep)
    assert asleep.carrier.rings()


def test_a_message_due_in_a_day_enables_the_clock(asleep: Post) -> None:
    asleep.post("later", after=24 * 3600.0)
    assert asleep.carrier.rings()


def test_a_nudge_does_not_enable_the_clock(asleep: Post) -> None:
    asleep.send_transient("now", "name")
    assert not asleep.carrier.rings()


def test_a_request_that_leaves_nothing_to_do_does_not_enable_the_clock(asleep: Post) -> None:
    asleep.app.run(schedule_state.is_disabled)
    assert not asleep.carrier.rings()


def test_while_a_place_is_open_the_clock_is_enabled(asleep: Post) -> None:
    asleep.app.run(open_places_by_operator, 1, ignore_free_seats=True, caller=OPERATOR_CALLER)
    pass_by(asleep, minutes=40)
    assert asleep.carrier.rings()


def test_while_a_participant_is_working_the_clock_is_enabled(asleep: Post) -> None:
    arrive(asleep)
    pass_by(asleep, minutes=50)
    assert asleep.carrier.rings()


def test_while_a_message_is_due_the_clock_is_enabled(asleep: Post) -> None:
    asleep.post("later", after=2 * 3600.0)
    pass_by(asleep, minutes=110)
    assert asleep.carrier.rings()


def test_when_no_place_and_no_participant_is_left_the_clock_is_disabled(asleep: Post) -> None:
    asleep.app.run(open_places_by_operator, 1, ignore_free_seats=True, caller=OPERATOR_CALLER)
    pass_by(asleep, minutes=5)
    asleep.app.run(close_places_by_operator, caller=OPERATOR_CALLER)
    pass_by(asleep, minutes=40)
    assert not asleep.carrier.rings()


def test_when_the_last_participant_is_gone_the_clock_is_disabled(asleep: Post) -> None:
    arrive(asleep)
    pass_by(asleep, minutes=120)
    assert not asleep.carrier.rings()


def test_the_next_participant_enables_a_disabled_clock_again(asleep: Post) -> None:
    arrive(asleep)
    pass_by(asleep, minutes=120)
    arrive(asleep, "w2")
    assert asleep.carrier.rings()


def test_a_message_due_in_two_hours_is_handled_although_nothing_else_happens(local_post: Post) -> None:
    scheduler.tick()
    local_post.post("later", after=2 * 3600.0)
    pass_by(local_post, minutes=120)
    assert local_post.rung == ["later"]


def test_a_rule_that_a_deployment_switched_on_again_is_switched_off_by_the_next_tick(asleep: Post) -> None:
    asleep.carrier.schedule.enable()
    scheduler.tick()
    assert not asleep.carrier.rings()


# -- races ------------------------------------------------------------------------------------------


class Racing:
    """A schedule that runs callbacks just before and just after it is disabled."""

    def __init__(self, schedule: object, before: Callable[[], None], after: Callable[[], None]) -> None:
        self._schedule = schedule
        self._before, self._after = before, after

    def __getattr__(self, name: str) -> object:
        return getattr(self._schedule, name)

    def disable(self) -> None:
        self._before()
        self._schedule.disable()  # type: ignore[attr-defined]
        self._after()


def other_process(here: Post) -> App:
    """The same run in another process, which shares no cached state with this one."""
    app = App(**{name: getattr(here.app, name) for name in App.__dataclass_fields__})
    app.schedule_enabled_until = None
    app.schedule = here.carrier.schedule
    return app


def nothing() -> None:
    """Nothing happens."""


def a_participant_arrives(here: Post) -> Callable[[], None]:
    app = other_process(here)

    def come() -> None:
        app.run(create_participant, EntryRequest("w9", "h", "a-w9", recruiter="hotair"))

    return come


def wakes(here: Post) -> Callable[[], None]:
    """Return what enables the clock from another process, whose message is handled before the next check."""
    app = other_process(here)

    def enable_schedule() -> None:
        app.enable_schedule()

    return enable_schedule


def test_a_participant_just_before_the_clock_is_disabled_keeps_it_enabled(post: Post) -> None:
    post.app.schedule = Racing(post.carrier.schedule, a_participant_arrives(post), nothing)
    scheduler.tick()
    assert post.carrier.rings()


def test_a_participant_just_after_the_clock_was_disabled_enables_it(post: Post) -> None:
    post.app.schedule = Racing(post.carrier.schedule, nothing, a_participant_arrives(post))
    scheduler.tick()
    assert post.carrier.rings()


def test_a_message_posted_and_handled_while_the_clock_is_being_disabled_leaves_it_enabled(
    post: Post,
) -> None:
    post.app.schedule = Racing(post.carrier.schedule, wakes(post), nothing)
    scheduler.tick()
    assert post.carrier.rings()


def test_two_ticks_of_one_minute_disable_the_clock(post: Post) -> None:
    for _ in range(2):
        scheduler.disable_schedule_if_idle()
    assert not post.carrier.rings()


# -- what it costs ----------------------------------------------------------------------------------


def counting(here: Post) -> CountingEngine:
    engine = CountingEngine(here.app.store.engine)  # type: ignore[attr-defined]
    here.app.store = EngineStore(engine)
    return engine


def test_a_request_that_posts_while_the_clock_is_enabled_does_not_check_it(local_post: Post) -> None:
    local_post.post("first")
    engine = counting(local_post)
    local_post.post("second")
    assert engine.take_counts()["calls"] == 1


def test_a_request_that_only_reads_does_not_check_the_clock(local_post: Post) -> None:
    engine = counting(local_post)
    local_post.app.run(lambda ctx: None)
    assert engine.take_counts()["calls"] == 0


def test_a_new_process_checks_the_clock_once(local_post: Post) -> None:
    local_post.post("first")
    app = other_process(local_post)
    engine = counting(local_post)
    app.store = local_post.app.store
    app.ensure_schedule_enabled()
    assert engine.take_counts()["calls"] == 1


# -- faults -----------------------------------------------------------------------------------------


def refusing() -> None:
    raise VendorUnreachable("no answer")


def test_a_schedule_that_cannot_be_switched_on_fails_no_request(
    asleep: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asleep.app.schedule, "enable", refusing, raising=False)
    asleep.post("one")
    assert asleep.recorded() == 1


def test_a_schedule_that_could_not_be_switched_on_is_tried_again_with_the_next_request(
    asleep: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as refused:
        refused.setattr(asleep.app.schedule, "enable", refusing, raising=False)
        asleep.post("one")
    asleep.post("two")
    assert asleep.carrier.rings()


def test_a_schedule_that_could_not_be_switched_off_is_tried_again_by_the_next_tick(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as refused:
        refused.setattr(post.app.schedule, "disable", refusing, raising=False)
        scheduler.tick()
    post.clock.turn(minutes=1)
    scheduler.tick()
    assert not post.carrier.rings()


def test_a_promise_that_a_dead_process_left_is_not_believed_for_ever(asleep: Post) -> None:
    def promise(ctx: Context) -> datetime:
        return schedule_state.extend_until(ctx)

    asleep.app.run(promise)
    asleep.clock.turn(minutes=16)
    asleep.post("one")
    assert asleep.carrier.rings()


def test_an_unknown_rule_is_reported(cloud_post: Post) -> None:
    schedule = cloud_post.app.schedule
    schedule._rule = "petri-nowhere"  # type: ignore[attr-defined]
    with pytest.raises(VendorUnreachable, match="petri-nowhere"):
        schedule.enable()


def test_the_promise_outlasts_the_pause_between_two_looks() -> None:
    assert (
        timedelta(minutes=2) + schedule_state.SKEW < schedule_state.ENABLED_FOR - schedule_state.RENEW_BEFORE
    )
