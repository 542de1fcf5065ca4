"""Every kind of message names its lane, and those that participants wait for are real-time."""

from __future__ import annotations

import pytest

from chalicelib.operations.lanes import LANES, Lane, lane_of
from chalicelib.workers.messages import HANDLERS

REALTIME = {
    "announce",
    "control",
    "end_group",
    "gone",
    "group",
    "heard",
    "one_too_many",
    "post_more",
    "publish",
    "room_opened",
    "stand_in",
    "standing",
    "timer",
    "waited_long",
    "whisper",
}


def test_every_kind_that_has_a_handler_names_its_lane() -> None:
    assert set(LANES) == set(HANDLERS)


def test_channels_timers_rooms_and_presence_are_real_time() -> None:
    assert {kind for kind, lane in LANES.items() if lane is Lane.REALTIME} == REALTIME


@pytest.mark.parametrize("kind", ["pay", "report", "notification", "judge", "deadline", "open_places"])
def test_payments_reports_reviews_and_deadlines_are_work(kind: str) -> None:
    assert lane_of({"kind": kind}) is Lane.WORK


def test_a_kind_of_a_newer_version_takes_the_work_lane() -> None:
    assert lane_of({"kind": "of a newer version"}) is Lane.WORK
