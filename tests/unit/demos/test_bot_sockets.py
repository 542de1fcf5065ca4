"""Bots on a socket: they hear, beat their hearts, come back, wait for their room, and are let go."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from chalicelib.experiment.bots import socket_client
from chalicelib.experiment.bots.high_performance_bot import BotError, HighPerformanceBotBase
from chalicelib.experiment.bots.http_bot import Dismissed
from chalicelib.experiment.bots.socket_client import BotSocket

PATIENCE_S = 20.0


class Server:
    """Says what a test tells it to; confirms subscriptions by itself."""

    def __init__(self) -> None:
        self.heard: Queue[str] = Queue()
        self.connections: Queue[ServerConnection] = Queue()
        self.opened: list[dict[str, list[str]]] = []
        self.refuse: Callable[[ServerConnection, Request], Response | None] = lambda *_: None
        self.answers: dict[str, str] = {}

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        self.opened.append(parse_qs(urlsplit(request.path).query))
        return self.refuse(connection, request)

    def serve(self, connection: ServerConnection) -> None:
        self.connections.put(connection)
        for frame in connection:
            self.heard.put(str(frame))
            channel, _, text = str(frame).partition(":")
            order = json.loads(text) if channel == "petri" else {}
            if order.get("type") == "subscribe":
                name = order["channel"]
                usual = json.dumps({"type": "subscribed", "channel": name})
                connection.send(self.answers.get(name, f"petri:{usual}"))

    def connection(self) -> ServerConnection:
        return self.connections.get(timeout=PATIENCE_S)

    def next_frame(self) -> str:
        return self.heard.get(timeout=PATIENCE_S)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with serve(made.serve, "127.0.0.1", 0, process_request=made.check) as listening:
        made.url = f"http://127.0.0.1:{listening.socket.getsockname()[1]}"
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        yield made
        listening.shutdown()
        thread.join()


@pytest.fixture
def socket(server: Server) -> Iterator[BotSocket]:
    made = BotSocket(lambda: f"{server.url.replace('http', 'ws')}/chat?channel=quorum&token=t")
    yield made
    made.close()


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(socket_client, "BACKOFF_BASE", 0.001)
    monkeypatch.setattr(socket_client, "BACKOFF_MAX", 0.01)


def refuse_with(status: int, **body: Any) -> Callable[[ServerConnection, Request], Response]:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        answer = connection.respond(status, json.dumps(body))
        del answer.headers["Content-Type"]
        answer.headers["Content-Type"] = "application/json"
        return answer

    return refuse


# The socket


def test_a_message_is_received(server, socket):
    socket.subscribe("talk")
    server.connection().send('talk:{"a": 1}')
    message = socket.receive(PATIENCE_S)
    assert (message.channel, message.data) == ("talk", {"a": 1})


def test_a_message_that_is_not_json_arrives_as_text(server, socket):
    socket.subscribe("talk")
    server.connection().send("talk:hello: you")
    assert socket.receive(PATIENCE_S).data == "hello: you"


def test_the_number_that_pages_give_is_left_out(server, socket):
    socket.subscribe("talk")
    server.connection().send('talk:{"a": 1, "_seq": ["x", 4]}')
    assert socket.receive(PATIENCE_S).data == {"a": 1}


def test_no_message_is_none(server, socket):
    socket.subscribe("talk")
    assert socket.receive(0.01) is None


def test_an_object_is_published_as_json(server, socket):
    socket.send("talk", {"text": "häh"})
    assert server.next_frame() == 'talk:{"text": "häh"}'


def test_a_text_is_published_unchanged(server, socket):
    socket.send("talk", "hello")
    assert server.next_frame() == "talk:hello"


def test_a_heart_beats_while_a_bot_listens(server, socket, monkeypatch):
    monkeypatch.setattr(socket_client, "HEARTBEAT", 0.01)
    socket.receive(0.05)
    assert server.next_frame() == 'petri:{"type": "heartbeat"}'


def test_messages_before_the_confirmation_are_kept(server, socket):
    server.answers["talk"] = "talk:early"
    server.answers["other"] = 'petri:{"type": "subscribed", "channel": "talk"}'
    thread = threading.Thread(target=socket.subscribe, args=("talk",))
    thread.start()
    server.connection().send('petri:{"type": "subscribed", "channel": "talk"}')
    thread.join()
    assert socket.receive(PATIENCE_S).text == "early"


def test_a_refused_subscription_is_an_error_with_its_reason(server, socket):
    server.answers["talk"] = 'petri:{"type": "error", "error_code": "not_yours", "error_text": "No."}'
    with pytest.raises(BotError) as refused:
        socket.subscribe("talk")
    assert refused.value.reason == "not_yours"


def test_a_lost_socket_comes_back_with_its_channels(server, socket):
    socket.subscribe("talk")
    server.connection().close()
    again: list[Any] = []
    thread = threading.Thread(target=lambda: again.append(socket.receive(PATIENCE_S)))
    thread.start()
    server.next_frame()
    subscribed = server.next_frame()
    server.connection().send("talk:again")
    thread.join()
    assert (json.loads(subscribed[6:])["channel"], again[0].text) == ("talk", "again")


def test_a_server_that_is_not_ready_is_asked_again(server, socket):
    server.refuse = lambda *given: refuse_with(502)(*given) if len(server.opened) < 3 else None
    socket.send("talk", "at last")
    assert server.next_frame() == "talk:at last"


def test_a_refused_socket_is_an_error_at_once(server, socket):
    server.refuse = refuse_with(403, error_code="token_ended", error_text="Opened elsewhere.")
    with pytest.raises(BotError, match="Opened elsewhere") as refused:
        socket.send("talk", "hello")
    assert (refused.value.answered, refused.value.reason, len(server.opened)) == (403, "token_ended", 1)


def test_no_server_is_an_error_that_says_so(monkeypatch):
    monkeypatch.setattr(socket_client, "MAX_ATTEMPTS", 2)
    with pytest.raises(BotError, match="does the server run there"):
        BotSocket(lambda: "ws://127.0.0.1:9/chat").send("talk", "hello")


# The bot


class Bot(HighPerformanceBotBase):
    """Asks a server that exists in the test only."""

    def __init__(self, server: Server, *rooms: dict[str, Any]) -> None:
        super().__init__(f"{server.url}/ad?assignmentId=a&workerId=w&hitId=h&recruiter=bots")
        self.rooms = list(rooms)
        self.asked: list[str] = []
        self.has_played = False

    def post(self, route, data=None):
        self.asked.append(route)
        return {
            "participant": {"id": 7},
            "token": "secret",
            "quorum": {"q": 3, "n": 1, "overrecruited": False},
        }

    def get(self, route, params=None):
        self.asked.append(route)
        return {"quorum": self.rooms.pop(0) if len(self.rooms) > 1 else self.rooms[0]}

    def participate(self):
        self.has_played = True


WAITING = {"q": 3, "n": 2, "overrecruited": False}
FULL = {"q": 3, "n": 3, "overrecruited": False}


def in_the_background(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_the_last_bot_of_a_room_waits_until_it_opens(server):
    class Last(Bot):
        def post(self, route, data=None):
            return {**super().post(route, data), "quorum": FULL}

    bot = Last(server, {**FULL, "room": 1})
    bot.run_experiment()
    assert bot.asked.index("/waiting-room/7") < bot.asked.index("/question/7")
    assert bot.has_played


def test_a_bot_waits_until_the_room_is_full(server):
    bot = Bot(server, WAITING)
    thread = in_the_background(bot.run_experiment)
    connection = server.connection()
    server.next_frame()
    before = bot.has_played
    connection.send(f"quorum:{json.dumps(WAITING)}")
    connection.send(f"quorum:{json.dumps(FULL)}")
    thread.join(PATIENCE_S)
    assert (before, bot.has_played) == (False, True)


def test_a_bot_opens_its_socket_with_its_token(server):
    Bot(server, FULL).run_experiment()
    assert server.opened[0] == {"channel": ["quorum"], "participant_id": ["7"], "token": ["secret"]}


def test_a_bot_asks_for_the_room_too_in_case_a_message_was_lost(server):
    bot = Bot(server, FULL)
    bot.run_experiment()
    assert "/waiting-room/7" in bot.asked


def test_an_overrecruited_bot_goes_to_the_end(server):
    bot = Bot(server, {**FULL, "overrecruited": True})
    succeeded = bot.run_experiment()
    assert (succeeded, bot.has_played, bot.asked[-1]) == (True, False, "/worker_complete")


def test_a_bot_that_is_released_while_it_waits_goes_to_the_end(server):
    bot = Bot(server, {**WAITING, "released": True})
    succeeded = bot.run_experiment()
    assert (succeeded, bot.has_played, bot.asked[-1]) == (True, False, "/worker_complete")


def test_a_bot_that_is_released_while_it_plays_goes_to_the_end(server):
    bot = Bot(server, FULL)
    heard: list[object] = []

    def play() -> None:
        server.connection().send('quorum:{"released": true, "q": 0, "n": 0}')
        heard.append(bot.next_message(PATIENCE_S))

    bot.participate = play
    bot.run_experiment()
    assert (heard, bot.asked[-1]) == ([], "/worker_complete")


def test_being_released_does_not_count_as_a_problem(server):
    bot = Bot(server, {**WAITING, "released": True})
    bot.run_experiment()
    assert bot.problems == []


def test_the_end_of_the_group_reaches_the_authors_code(server):
    bot = Bot(server, {**FULL, "released": True})
    with pytest.raises(Dismissed):
        bot.look_around()
