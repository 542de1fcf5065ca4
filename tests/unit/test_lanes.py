"""Every kind of message names its lane, and those that participants wait for are real-time."""

from __future__ import annotations

import pytest

from chalicelib.messages import Lane, lane_of, message_types

REALTIME = {
    "autoplay",
    "broadcast_counts",
    "channel_message",
    "check_disconnected",
    "control_event",
    "end_group",
    "end_live_sessions",
    "enforce_time_limit",
    "follow_host",
    "form_groups",
    "form_rooms",
    "move_members",
    "post_more",
    "publish",
    "start_replacement_bot",
    "reject_overflow",
    "release_seat",
    "ring_dashboards",
    "ring_doorbell",
    "run_timer",
    "send_opening_state",
    "send_room_state",
    "send_to_participants",
    "waiting_timeout",
}


def test_every_kind_names_its_lane() -> None:
    assert {kind for kind, cls in message_types().items() if "lane" not in vars(cls)} == set()


def test_channels_timers_rooms_and_presence_are_real_time() -> None:
    assert {kind for kind, cls in message_types().items() if cls.lane is Lane.REALTIME} == REALTIME


@pytest.mark.parametrize(
    "kind",
    [
        "send_payment",
        "recruiter_delivery",
        "recruiter_notification",
        "review_submission",
        "check_deadline",
        "open_places",
    ],
)
def test_payments_reports_reviews_and_deadlines_are_work(kind: str) -> None:
    assert lane_of({"kind": kind}) is Lane.WORK


@pytest.mark.parametrize(("kind", "lane"), [("pay", Lane.WORK), ("group", Lane.REALTIME)])
def test_a_kind_of_an_earlier_version_takes_its_lane(kind: str, lane: Lane) -> None:
    assert lane_of({"kind": kind}) is lane


def test_a_kind_of_a_newer_version_takes_the_work_lane() -> None:
    assert lane_of({"kind": "of a newer version"}) is Lane.WORK
