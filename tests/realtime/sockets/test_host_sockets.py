"""Real sockets to the real host: it behaves as API Gateway's WebSocket API does."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from chalicelib import services
from chalicelib.messaging.local_channels import LocalChannels
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.socket_connection import SocketLimits
from tests.realtime.experiments import Meeting, Pairs, Trio, with_members
from tests.realtime.hosting import Hosted, Setting, hosted
from tests.web.clock import HandClock

NewHost = Callable[..., Hosted]


@pytest.fixture(params=["directly", "as in the cloud"])
def way(request: pytest.FixtureRequest) -> str:
    """How frames reach sockets: directly, or through the management API."""
    return str(request.param)


@pytest.fixture
def new_host(tmp_path: Path) -> Iterator[NewHost]:
    """Makes hosts: `new_host(Experiment, idle=1)`."""
    with contextlib.ExitStack() as stack:

        def make(experiment: Any = Meeting, *, as_in_the_cloud: bool = False, **limits: Any) -> Hosted:
            engine = stack.enter_context(contextlib.closing(SQLiteEngine(tmp_path / "run.sqlite")))
            setting = Setting(experiment, engine, SocketLimits(**limits), as_in_the_cloud, tmp_path)
            return stack.enter_context(hosted(setting))

        yield make


def test_frames_reach_every_subscriber(new_host: NewHost, way: str) -> None:
    here = new_host(as_in_the_cloud=way == "as in the cloud")
    lines = [here.arrive_with_line("talk")[1] for _ in range(3)]
    lines[0].say("talk:hello")
    assert [line.next() for line in lines] == ["talk:hello"] * 3


def test_a_room_opens_for_all(new_host: NewHost, way: str) -> None:
    here = new_host(Trio, as_in_the_cloud=way == "as in the cloud")
    lines = [here.arrive_with_line()[1] for _ in range(3)]
    assert [line.until_room()["n"] for line in lines] == [3, 3, 3]


def test_frames_of_one_socket_keep_their_order(new_host: NewHost) -> None:
    here = new_host()
    _, line = here.arrive_with_line("talk")
    for number in range(50):
        line.say(f"talk:{number}")
    assert [line.next() for _ in range(50)] == [f"talk:{number}" for number in range(50)]


def test_a_short_timer_fires_without_a_tick(new_host: NewHost) -> None:
    def hear(self: Any, message: str, channel_name: str | None = None, **more: Any) -> None:
        if channel_name == "talk":
            self.after(0.05, "ring")

    def ring(self: Any) -> None:
        self.publish_to_subscribers("time is up")

    here = new_host(with_members(Meeting, receive_message=hear, ring=ring))
    _, line = here.arrive_with_line("talk")
    line.say("talk:go")
    assert line.until("talk:time") == "talk:time is up"


# -- who is let in ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/chat", 400),
        ("/chat?channel=talk", 401),
        ("/chat?channel=talk&token=forged", 401),
        ("/chat?channel=talk&ticket=forged&token=the-operator", 401),
        ("/chat?channel=talk&participant_id=x&token=the-operator", 400),
        ("/chat?channel=a%20b&token=the-operator", 400),
        ("/elsewhere?channel=talk&token=the-operator", 404),
    ],
)
def test_a_refusal_is_an_http_status_before_the_upgrade(new_host: NewHost, path: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        new_host().open_at(path)
    assert refused.value.response.status_code == status


def test_a_socket_without_a_participant_can_not_speak_on_this_machine_either(new_host: NewHost) -> None:
    here = new_host()
    _, line = here.arrive_with_line("talk")
    operator = here.open(None, "talk")
    operator.say("talk:from the operator")
    assert "listens_only" in operator.until("petri:")
    line.say("talk:from a participant")
    assert line.until("talk:") == "talk:from a participant"


def test_a_refusal_says_why(new_host: NewHost) -> None:
    with pytest.raises(InvalidStatus) as refused:
        new_host().open_at("/chat")
    assert json.loads(refused.value.response.body)["error_code"] == "channel_missing"


def test_another_participants_token_is_forbidden(new_host: NewHost) -> None:
    here = new_host()
    one, other = here.arrive(), here.arrive()
    with pytest.raises(InvalidStatus) as refused:
        here.open(one, "talk", token=other.token)
    assert refused.value.response.status_code == 403


# -- quotas ----------------------------------------------------------------------------------------


def test_a_frame_above_32_kb_closes_the_socket(new_host: NewHost) -> None:
    _, line = new_host().arrive_with_line("talk")
    line.say("talk:" + "x" * 32 * 1024)
    assert line.closed_with() == 1009


def test_a_message_above_128_kb_closes_the_socket(new_host: NewHost) -> None:
    _, line = new_host().arrive_with_line("talk")
    with contextlib.suppress(Exception):
        line.connection.send("x" * 30_000 for _ in range(5))
    assert line.closed_with() == 1009


def test_a_fragmented_message_is_delivered_as_one(new_host: NewHost) -> None:
    _, line = new_host().arrive_with_line("talk")
    line.connection.send(["talk:", "in ", "parts"])
    assert line.next() == "talk:in parts"


def test_text_that_is_not_utf8_closes_the_socket(new_host: NewHost) -> None:
    _, line = new_host().arrive_with_line("talk")
    bad = Frame(Opcode.TEXT, b"talk:\xff").serialize(mask=True)
    line.connection.socket.sendall(bad)
    assert line.closed_with() == 1007


def test_an_idle_socket_is_closed(new_host: NewHost) -> None:
    _, line = new_host(idle=0.3).arrive_with_line("talk")
    assert line.closed_with() == 1001


def test_a_socket_that_is_used_is_not_idle(new_host: NewHost) -> None:
    _, line = new_host(idle=1.0).arrive_with_line("talk")
    for number in range(6):
        line.say(f"talk:{number}")
        line.next()
        with contextlib.suppress(TimeoutError):
            line.connection.recv(timeout=0.3)
    line.say("talk:still here")
    assert line.next() == "talk:still here"


def test_a_socket_lives_no_longer_than_its_time(new_host: NewHost) -> None:
    _, line = new_host(lifetime=0.3).arrive_with_line("talk")
    assert line.closed_with() == 1001


def test_a_participant_who_was_closed_can_come_again(new_host: NewHost) -> None:
    here = new_host(Pairs, lifetime=0.5)
    guest, line = here.arrive_with_line()
    line.closed_with()
    assert here.open(guest, "quorum").next().startswith("quorum:")


# -- trouble ---------------------------------------------------------------------------------------


def test_a_binary_frame_is_answered_with_an_error(new_host: NewHost) -> None:
    _, line = new_host().arrive_with_line("talk")
    line.say(b"\x00\xff")
    assert '"binary_frame"' in line.next()


def test_a_hooks_error_is_sent_to_the_sender_and_the_others_continue(new_host: NewHost) -> None:
    here = new_host(with_members(Meeting, immediate=True))
    (_, one), (_, other) = here.arrive_with_line("talk"), here.arrive_with_line("talk")
    one.say("talk:explode")
    assert '"internal_error"' in one.next()
    other.say("talk:hello")
    assert [one.next(), other.next()] == ["talk:hello", "talk:hello"]


def test_a_hook_that_raises_in_a_worker_delays_no_other_participant(new_host: NewHost) -> None:
    here = new_host()
    _, line = here.arrive_with_line("talk")
    line.say("talk:explode")
    line.say("talk:answer me")
    assert line.until("talk:here") == "talk:here you are"


def test_a_flood_is_closed_and_the_others_notice_nothing(
    new_host: NewHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = new_host()
    (_, flooding), (_, other) = here.arrive_with_line("talk"), here.arrive_with_line("lounge")
    # The whole flood comes at one moment, however slow the machine is.
    app = services.current()
    monkeypatch.setattr(app, "clock", HandClock(app.clock.now()))
    with contextlib.suppress(Exception):
        for number in range(1000):
            flooding.say(f"talk:{number}")
            if number == 200:
                other.say("lounge:in the middle")
    assert flooding.closed_with() == 1008
    assert other.next() == "lounge:in the middle"


def pour(times: int) -> None:
    """Send all members a long message, this many times."""
    sockets = services.current().channels
    assert isinstance(sockets, LocalChannels)
    for number in range(times):
        sockets.send(list(sockets._open), f"pour:{number:04d}" + "x" * 30_000)


def test_a_participant_who_reads_too_slowly_is_closed(new_host: NewHost) -> None:
    here = new_host(backlog=1_000_000, last_words=0.2)
    guest, watching = here.arrive(), here.open(None, "dallinger_control")
    here.open_lazily(guest, "talk")
    for _ in range(20):
        pour(10)
        watching.until("pour:0009")
    gone = json.loads(watching.until(lambda frame: '"disconnected"' in frame).partition(":")[2])
    assert gone["client"]["participant_id"] == guest.id


def test_a_participant_who_reads_too_slowly_delays_no_other_participant(new_host: NewHost) -> None:
    here = new_host(backlog=10_000_000)
    here.open_lazily(here.arrive(), "talk")
    _, other = here.arrive_with_line("lounge")
    pour(100)
    assert [other.next()[5:9] for _ in range(100)] == [f"{number:04d}" for number in range(100)]


def test_a_participant_who_vanishes_is_noticed(new_host: NewHost) -> None:
    here = new_host()
    watching = here.open(None, "dallinger_control")
    guest, line = here.arrive_with_line("talk")
    line.connection.socket.shutdown(socket.SHUT_RDWR)
    gone = json.loads(watching.until(lambda frame: '"disconnected"' in frame).partition(":")[2])
    assert gone["client"]["participant_id"] == guest.id


def test_a_host_that_stops_tells_its_sockets_that_it_will_be_back(new_host: NewHost) -> None:
    here = new_host()
    _, line = here.arrive_with_line("talk")
    here.stop()
    assert line.closed_with() == 1012
