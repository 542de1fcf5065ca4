"""A run with sockets and a clock that is turned by hand: no waiting, no threads, the handlers of Lambda."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from app import on_connect, on_disconnect, on_socket_message
from chalicelib.experiment.experiment import Experiment
from chalicelib.messaging.local_channels import LocalChannels
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.storage.engine import Engine
from chalicelib.workers import scheduler as ticking
from infra.lambda_events.gateway import HttpRequest
from infra.lambda_events.socket_events import Visit, connect_event, disconnect_event, message_event
from tests.web.world import OPERATOR_TOKEN, Person, World, build_world

Handler = Callable[..., dict[str, Any]]


class Refused(Exception):
    """A connection that was refused."""

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__(str(answer))
        self.status = answer["statusCode"]
        self.code = json.loads(answer["body"])["error_code"]


@dataclass
class Ear:
    """One open socket: what it was sent, and how it was closed."""

    stage: Stage
    visit: Visit
    frames: list[str] = field(default_factory=list)
    closed_with: int | None = None

    @property
    def id(self) -> str:
        return self.visit.id

    def send(self, text: str) -> None:
        self.frames.append(text)

    def close(self, code: int, reason: str) -> None:
        self.closed_with = code

    def say(self, frame: str | bytes, *, work: bool = True) -> None:
        """Send a frame, and let the workers do what follows at once."""
        assert _call(on_socket_message, message_event(self.visit, frame))["statusCode"] == 200
        if work:
            self.stage.world.work()

    def order(self, **order: Any) -> None:
        """Send a frame of the protocol's own channel."""
        self.say(f"petri:{json.dumps(order)}")

    def beat(self) -> None:
        self.order(type="heartbeat")

    def heard(self, channel: str) -> list[str]:
        """What came on a channel so far, in order."""
        return [frame.partition(":")[2] for frame in self.frames if frame.startswith(f"{channel}:")]

    def told(self, channel: str = "quorum") -> list[dict[str, Any]]:
        """What came on a channel so far, as JSON."""
        return [json.loads(data) for data in self.heard(channel)]

    def errors(self) -> list[str]:
        """The codes of the errors so far."""
        return [said["error_code"] for said in self.told("petri") if said["type"] == "error"]

    def hang_up(self) -> None:
        """Close the socket, as a page does that is closed; nothing more is due at once."""
        self.vanish()
        _call(on_disconnect, disconnect_event(self.visit, 1001, ""))
        self.stage.world.work()

    def vanish(self) -> None:
        """Be gone without a word: only who posts to it finds out."""
        self.stage.sockets.closed(self.id)


@dataclass
class Stage:
    """A launched run and its people."""

    world: World
    sockets: LocalChannels
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def arrive(self, **fields: Any) -> Person:
        """Let a participant begin, without a socket."""
        person = self.world.arrive(**fields)
        self.world.work()
        return person

    def arrive_with_ear(self, *channels: str, **fields: Any) -> tuple[Person, Ear]:
        """Let a participant begin, with a socket that listens to `quorum` or to these channels."""
        person = self.arrive(**fields)
        return person, self.connect(person, *(channels or ("quorum",)))

    def connect(self, person: Person | None, *channels: str, **query: Any) -> Ear:
        """Open a socket; Refused when it isn't let in. Without a person it is the operator's."""
        given: list[tuple[str, Any]] = [("channel", name) for name in channels]
        token = OPERATOR_TOKEN if person is None else person.token
        asked = {"token": token, **({} if person is None else {"participant_id": person.id}), **query}
        given += [(name, value) for name, value in asked.items() if value is not None]
        request = HttpRequest("GET", "/chat", urlencode(given).encode(), (), b"", "192.0.2.7")
        ear = Ear(self, Visit(f"socket-{next(self._numbers)}", request, 0))
        answer = _call(on_connect, connect_event(ear.visit))
        if answer["statusCode"] != 200:
            raise Refused(answer)
        self.sockets.opened(ear.id, ear)
        self.world.work()
        return ear

    def wait(self, seconds: float) -> None:
        """Let time pass: what falls due is done at its moment, and the clock ticks each minute."""
        queue, clock = self.world.app.queue, self.world.clock
        assert isinstance(queue, LocalQueue)
        end = clock.now() + timedelta(seconds=seconds)
        while True:
            minute = clock.now().replace(second=0, microsecond=0) + timedelta(minutes=1)
            step = min(end, minute, *([queue.next_due] if queue.next_due else []))
            clock.turn(seconds=max(0.0, (step - clock.now()).total_seconds()))
            if step == minute:
                ticking.tick()
            self.world.work()
            if step >= end:
                return

    def state(self, person: Person) -> dict[str, Any]:
        """How far a page in the waiting room is, asked over HTTP."""
        said = person.get(f"/waiting-room/{person.id}")
        assert said.status == 200, said
        self.world.work()
        quorum: dict[str, Any] = said["quorum"]
        return quorum

    def rooms(self) -> list[list[int]]:
        """The members of each room, in the order in which the rooms opened."""
        items = sorted(self.world.items("room"), key=lambda item: item["sk"])
        return [item["members"] for item in items]

    def journal(self, *kinds: str) -> list[list[Any]]:
        """The arguments of the experiment's hooks."""
        (kept,) = self.world.items("experiment")
        noted: list[list[Any]] = kept.get("state", {}).get("journal", [])
        return [entry for entry in noted if not kinds or entry[0] in kinds]


def open_stage(experiment_class: type[Experiment], engine: Engine, **settings: Any) -> Stage:
    """Launch a run of an experiment."""
    world = build_world(experiment_class, engine, {"auto_recruit": False, **settings}).launch()
    assert isinstance(world.app.channels, LocalChannels)
    return Stage(world, world.app.channels)


def _call(handler: Handler, event: dict[str, Any]) -> dict[str, Any]:
    return handler(event, None)
