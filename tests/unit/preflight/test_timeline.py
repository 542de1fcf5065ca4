from __future__ import annotations

from datetime import timedelta

from infra.simulate.timeline import Timeline


def test_events_run_in_order_of_time():
    timeline, seen = Timeline(), []
    timeline.after(5, lambda: seen.append("late"))
    timeline.after(1, lambda: seen.append("soon"))
    while timeline.step():
        pass
    assert seen == ["soon", "late"]


def test_events_at_the_same_time_run_in_the_order_of_scheduling():
    timeline, seen = Timeline(), []
    for number in range(20):
        timeline.after(1, lambda number=number: seen.append(number))
    while timeline.step():
        pass
    assert seen == list(range(20))


def test_an_hour_passes_without_waiting():
    timeline = Timeline()
    timeline.after(3600, lambda: None)
    timeline.step()
    assert timeline.now() == timeline.began + timedelta(hours=1)


def test_a_cancelled_event_does_not_run():
    timeline, seen = Timeline(), []
    timeline.after(1, lambda: seen.append("it")).call_off()
    assert not timeline.step()
    assert seen == []


def test_an_event_in_the_past_runs_at_once():
    timeline, seen = Timeline(), []
    timeline.after(10, lambda: timeline.at(timeline.began, lambda: seen.append(timeline.seconds)))
    while timeline.step():
        pass
    assert seen == [10]
