"""The real local host on a free port, in a thread of its own, and people who come to it over the line."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from app import app as petri_app
from chalicelib import bootstrap, services
from chalicelib.experiment.experiment import Experiment
from chalicelib.messaging.gateway_channels import GatewayChannels
from chalicelib.messaging.local_channels import LocalChannels
from chalicelib.storage.engine import Engine
from infra.local.background_worker import BackgroundWorker
from infra.local.consumer import MessageConsumer
from infra.local.host import Host
from infra.local.lifecycle.run import RunOptions, opened
from infra.local.lifecycle.run_lifecycle import served
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.moto.management_api import ManagementAPI
from infra.local.moto.moto_engine import REGION
from infra.local.serial_dispatcher import SerialDispatcher
from infra.local.socket_connection import SocketLimits
from infra.local.sockets import Sockets
from infra.local.static_pages import Pages
from infra.local.uvicorn_server import listen, url_of

OPERATOR_TOKEN = "the-operator"
#: The longest that a test waits for something that must come, in seconds; nothing is measured by it.
PATIENCE = 20.0
EngineName = Literal["sqlite", "moto"]


class Line:
    """One real socket of a participant, a page or a bot."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def say(self, frame: str | bytes) -> None:
        self.connection.send(frame)

    def order(self, **order: Any) -> None:
        self.say(f"petri:{json.dumps(order)}")

    def next(self) -> str:
        """The next frame."""
        frame = self.connection.recv(timeout=PATIENCE)
        assert isinstance(frame, str)
        return frame

    def until(self, wanted: str | Callable[[str], bool]) -> str:
        """Read up to a frame that begins so, or is wanted; return it."""
        while True:
            frame = self.next()
            if frame.startswith(wanted) if isinstance(wanted, str) else wanted(frame):
                return frame

    def until_room(self) -> dict[str, Any]:
        """Read until the room has opened; return the messages."""
        frame = self.until(lambda frame: frame.startswith("quorum:") and '"room"' in frame)
        told: dict[str, Any] = json.loads(frame.partition(":")[2])
        return told

    def closed_with(self) -> int | None:
        """Read to the end; return the code with which the host closed."""
        with suppress(ConnectionClosed):
            while True:
                self.next()
        return self.connection.close_code

    def close(self) -> None:
        self.connection.close()


@dataclass
class Guest:
    """A participant."""

    id: int
    token: str
    ids: dict[str, str]


class Hosted:
    """A run that is served."""

    def __init__(self, url: str, stop: Callable[[], None]) -> None:
        self.url = url
        self.stop = stop
        self._arrived = 0
        self._stack = ExitStack()

    def arrive(self, **fields: Any) -> Guest:
        """Let a new participant begin."""
        self._arrived += 1
        number = str(self._arrived)
        ids = {"workerId": f"w{number}", "hitId": "h1", "assignmentId": f"a{number}", "mode": "debug"}
        said = self.ask("POST", "/participant", data={**ids, **fields})
        return Guest(said["participant"]["id"], said["token"], ids)

    def ask(self, method: str, path: str, token: str | None = None, **how: Any) -> dict[str, Any]:
        """Make one request; its answer must be a success."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.request(method, f"{self.url}{path}", headers=headers, timeout=PATIENCE, **how)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def open(self, guest: Guest | None, *channels: str, **query: Any) -> Line:
        """Open a socket; it is closed in the end."""
        given: list[tuple[str, Any]] = [("channel", name) for name in channels]
        asked = (
            {"token": OPERATOR_TOKEN} if guest is None else {"participant_id": guest.id, "token": guest.token}
        )
        given += [(name, value) for name, value in {**asked, **query}.items() if value is not None]
        return self.open_at(f"/chat?{urlencode(given)}")

    def open_at(self, path: str, **how: Any) -> Line:
        """Open a socket at an address as it stands."""
        address = self.url.replace("http://", "ws://") + path
        settings = {"open_timeout": PATIENCE, "close_timeout": 1, "compression": None, "max_size": None}
        return Line(self._stack.enter_context(connect(address, **settings, **how)))

    def open_lazily(self, guest: Guest, channel: str) -> Line:
        """Open a socket that reads next to nothing of what it is sent."""
        reading = socket.socket()
        reading.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, _, port = self.url.removeprefix("http://").partition(":")
        reading.connect((host, int(port)))
        query = urlencode({"channel": channel, "participant_id": guest.id, "token": guest.token})
        return self.open_at(f"/chat?{query}", sock=reading, max_queue=1)

    def arrive_with_line(self, *channels: str) -> tuple[Guest, Line]:
        guest = self.arrive()
        return guest, self.open(guest, *(channels or ("quorum",)))

    def close(self) -> None:
        self._stack.close()


@dataclass(frozen=True)
class Setting:
    """How a run is hosted."""

    experiment: type[Experiment]
    engine: Engine
    limits: SocketLimits
    #: send to sockets through the management API, as in the cloud
    as_in_the_cloud: bool = False
    site: Path = Path()


@contextmanager
def hosted(setting: Setting) -> Iterator[Hosted]:
    """Serve a launched run while the block lasts."""
    with serving(partial(_built, setting)) as here:
        yield here


@contextmanager
def hosted_as_by_debug(folder: Path, engine: EngineName) -> Iterator[Hosted]:
    """Serve an experiment's folder as `petri debug` does."""
    with serving(partial(_opened, folder, engine)) as here:
        yield here


@contextmanager
def serving(build: Callable[[], AbstractContextManager[tuple[Host, BackgroundWorker]]]) -> Iterator[Hosted]:
    """Serve what is built, in a thread of its own, and launch it."""
    listener = listen("127.0.0.1", 0)
    stopping: list[Callable[[], None]] = []
    started = threading.Event()

    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        stopping.append(lambda: loop.call_soon_threadsafe(stop.set))
        with build() as (host, drain):
            async with served(host, drain, listener):
                started.set()
                await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="host")
    thread.start()
    try:
        assert started.wait(PATIENCE), "the host didn't start"
        with closing(Hosted(url_of(listener), *stopping)) as here:
            here.ask("POST", "/launch", OPERATOR_TOKEN)
            yield here
    finally:
        with suppress(RuntimeError):
            stopping[0]()
        thread.join(PATIENCE)
        services.use(None)


def _no_page(root: Path, path: str) -> Path | None:
    """A run without pages."""
    return None


@contextmanager
def _opened(folder: Path, engine: EngineName) -> Iterator[tuple[Host, BackgroundWorker]]:
    with opened(RunOptions(folder, "run", engine, {"auto_recruit": False}), RunPaths(folder.parent)) as run:
        yield run.host, run.drain


@contextmanager
def _built(setting: Setting) -> Iterator[tuple[Host, BackgroundWorker]]:
    app = bootstrap.local(
        setting.experiment,
        {"mode": "debug", "recruiter": "hotair", "auto_recruit": False, "base_payment": 1.5},
        app_id="test",
        engine=setting.engine,
        operator_token=OPERATOR_TOKEN,
    )
    sockets = LocalChannels()
    with ExitStack() as stack:
        app.channels = sockets
        if setting.as_in_the_cloud:
            api = stack.enter_context(ManagementAPI(sockets))
            app.channels = stack.enter_context(closing(GatewayChannels(api.url, REGION)))
        lane, messages = SerialDispatcher(petri_app), MessageConsumer(app)
        pages = Pages(setting.site, _no_page)
        host = Host(lane, pages, Sockets(petri_app, sockets, setting.limits))
        yield host, BackgroundWorker(messages.carry_out_one, lane.wake, messages.next_due)
