from __future__ import annotations

from datetime import timedelta

from infra.simulate.timeline import Timeline


def test_things_happen_in_the_order_of_their_moments():
    timeline, seen = Timeline(), []
    timeline.after(5, lambda: seen.append("late"))
    timeline.after(1, lambda: seen.append("soon"))
    while timeline.step():
        pass
    assert seen == ["soon", "late"]


def test_things_of_one_moment_happen_in_the_order_of_asking():
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


def test_what_is_called_off_does_not_happen():
    timeline, seen = Timeline(), []
    timeline.after(1, lambda: seen.append("it")).call_off()
    assert not timeline.step()
    assert seen == []


def test_what_is_asked_for_in_the_past_happens_now():
    timeline, seen = Timeline(), []
    timeline.after(10, lambda: timeline.at(timeline.began, lambda: seen.append(timeline.seconds)))
    while timeline.step():
        pass
    assert seen == [10]
