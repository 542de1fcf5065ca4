"""Frames that are wrong, and floods: said to their sender, unnoticed by the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.realtime import dispatcher
from chalicelib.realtime.rate_limiter import RateLimiter
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Meeting, with_members
from tests.realtime.stage import Refused, Stage

BAD_FRAMES = {
    "no colon at all": "bad_frame",
    "": "bad_frame",
    "petri:": "bad_frame",
    "petri:[]": "bad_frame",
    "petri:3": "bad_frame",
    'petri:{"no": "type"}': "bad_frame",
    'petri:{"type": "dance"}': "bad_frame",
    'petri:{"type": ["heartbeat"]}': "bad_frame",
    'petri:{"type": "subscribe"}': "unknown_channel",
    'petri:{"type": "subscribe", "channel": {"a": 1}}': "unknown_channel",
    "elsewhere:hello": "unknown_channel",
    ":hello": "unknown_channel",
    "a b:hello": "unknown_channel",
    "talk:" + "ä" * 16 * 1024: "frame_too_large",
}


@pytest.mark.parametrize(("frame", "code"), BAD_FRAMES.items(), ids=lambda value: value[:40])
def test_a_wrong_frame_is_answered_with_an_error(stage: Stage, frame: str, code: str) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.say(frame)
    assert ear.errors() == [code]


def test_a_binary_frame_is_answered_with_an_error(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.say(b"\x00\xff")
    assert ear.errors() == ["binary_frame"]


def test_an_error_says_what_to_do(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.say("no colon at all")
    assert ear.told("petri")[0]["error_text"] == "A frame must have the form <channel>:<data>."


@pytest.mark.parametrize("frame", ["elsewhere:hello", "no colon", b"\x00"], ids=str)
def test_no_other_participant_hears_of_a_wrong_frame(stage: Stage, frame: str | bytes) -> None:
    _, ear = stage.arrive_with_ear("talk")
    _, other = stage.arrive_with_ear("talk")
    ear.say(frame)
    assert other.frames == []


def test_the_largest_frame_is_delivered(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    text = "x" * (dispatcher.MAX_FRAME_BYTES - len("talk:"))
    ear.say(f"talk:{text}")
    assert ear.heard("talk") == [text]


def test_an_unknown_socket_is_asked_to_reconnect(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    for item in stage.world.items("connection"):
        stage.world.app.run(lambda ctx, item=item: ctx.uow.delete_item((item["pk"], item["sk"])))
    ear.say("talk:hello")
    ear.beat()
    assert ear.errors() == ["not_connected", "not_connected"]


def test_a_hook_that_raises_is_an_error_of_ours(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, immediate=True))
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:explode")
    assert ear.errors() == ["internal_error"]


def test_errors_of_the_authors_code_are_not_shown_to_participants(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, immediate=True))
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:explode")
    assert "author" not in ear.frames[0]


def test_the_next_frame_is_handled_after_a_hook_raised(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, immediate=True))
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:explode")
    ear.say("talk:hello")
    assert ear.heard("talk") == ["hello"]


def test_a_hook_that_raises_when_a_participant_returns_refuses_the_socket(new_stage: NewStage) -> None:
    def returned(self: Meeting, participant: object) -> None:
        raise LookupError("the author's mistake")

    stage = new_stage(with_members(Meeting, participant_returned=returned, dropout_grace=1))
    person, ear = stage.arrive_with_ear("talk")
    person.join()
    ear.hang_up()
    stage.wait(2)
    with pytest.raises(Refused, match="500"):
        stage.connect(person, "talk")


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[RateLimiter]:
    """Ten frames at once, one a second, closed after five too many."""
    floods = RateLimiter(rate=1, burst=10, abuse=5)
    monkeypatch.setattr(dispatcher, "_rate_limiter", floods)
    return floods


@pytest.mark.usefixtures("strict")
def test_frames_above_the_rate_limit_are_dropped(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    for number in range(12):
        ear.say(f"talk:{number}")
    assert len(ear.heard("talk")) == 10


@pytest.mark.usefixtures("strict")
def test_a_rate_limited_participant_gets_an_error_once_a_second(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    for number in range(14):
        ear.say(f"talk:{number}")
    assert ear.errors() == ["too_many_frames"]


@pytest.mark.usefixtures("strict")
def test_a_rate_limited_participant_can_publish_again_after_waiting(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    for number in range(12):
        ear.say(f"talk:{number}")
    stage.wait(1)
    ear.say("talk:again")
    assert ear.heard("talk")[-1] == "again"


@pytest.mark.usefixtures("strict")
def test_a_participant_who_does_not_stop_is_closed(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    for number in range(16):
        ear.say(f"talk:{number}")
    assert ear.closed_with == 1008


@pytest.mark.usefixtures("strict")
def test_one_sockets_flood_leaves_others_their_pace(stage: Stage) -> None:
    _, flooding = stage.arrive_with_ear("talk")
    _, other = stage.arrive_with_ear("lounge")
    for number in range(16):
        flooding.say(f"talk:{number}")
    other.say("lounge:hello")
    assert (other.frames, other.closed_with) == (["lounge:hello"], None)


def test_the_rate_limiter_forgets_a_closed_socket(stage: Stage, strict: RateLimiter) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.say("talk:hello")
    ear.hang_up()
    assert len(strict) == 0


def test_slow_talk_for_hours_is_not_a_flood(stage: Stage, strict: RateLimiter) -> None:
    _, ear = stage.arrive_with_ear("talk")
    for _ in range(100):
        ear.say("talk:hello")
        stage.world.clock.turn(seconds=1)
    assert (ear.closed_with, ear.errors()) == (None, [])


def test_a_frame_of_deeply_nested_json_is_refused(stage: Stage) -> None:
    _, ear = stage.arrive_with_ear("talk")
    ear.say("petri:" + "[" * 30_000)
    assert ear.errors() == ["bad_frame"]
