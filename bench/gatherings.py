"""Measures how 300 participants who arrive within two seconds are seated in rooms of 4, 10 and 25."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import connect

from bench.clients.host import ROOT
from bench.clients.line import Line

CROWD = 300
WITHIN = 2.0
SIZES = (4, 10, 25)
FOLDER = ROOT / "bench" / "gathering"
#: Seconds that a host may take to start, and a crowd to be seated.
STARTING, PATIENCE = 60.0, 600.0
OK = 200


@dataclass(frozen=True)
class Gathered:
    """The result of seating a crowd."""

    way: str
    size: int
    people: int
    rooms: int
    #: rooms whose number of participants differs from their seats, by the participants' own messages
    wrong_rooms: int
    #: participants without a room
    unseated: int
    #: seconds from arrival to the seat, as pages receive it; None without pages
    median: float | None
    p95: float | None
    #: seconds from the last arrival to the last seat
    after_last: float
    #: total frames sent before all were seated
    frames: int | None


class Guests:
    """The participants of one host."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 0
        self._number = 0
        self._lines: list[Line] = []

    async def arrive(self) -> tuple[int, str]:
        """Create a participant; return their number and token."""
        self._number += 1
        ids = {"workerId": f"w{self._number}", "hitId": "h", "assignmentId": f"a{self._number}"}
        line = self._lines.pop() if self._lines else Line(self._host, self._port)
        reply = await line.ask("POST", "/participant", urlencode({**ids, "mode": "debug"}))
        self._lines.append(line)
        if reply.status != OK:
            raise SystemExit(f"A participant was refused: {reply.status} {reply.body!r}")
        said = reply.json()
        return said["participant"]["id"], said["token"]

    def socket(self, participant_id: int, token: str, channel: str) -> str:
        """Return the address of a socket."""
        query = urlencode({"channel": channel, "participant_id": participant_id, "token": token})
        return f"ws://{self._host}:{self._port}/chat?{query}"

    async def close(self) -> None:
        for line in self._lines:
            line.close()


async def gather(size: int) -> Gathered:
    """Let a crowd arrive, and wait until every participant has a room."""
    draw = random.Random(size)
    with serving(room_size=size) as url:
        guests = Guests(url)
        visits = [_visit(guests, draw.uniform(0, WITHIN)) for _ in range(CROWD)]
        told = await asyncio.gather(*visits)
        await guests.close()
    rooms = Counter(one.room for one in told if one.room is not None)
    waited = sorted(one.seated - one.arrived for one in told if one.room is not None)
    return Gathered(
        way="SQLite, pages with real sockets",
        size=size,
        people=len(told),
        rooms=len(rooms),
        wrong_rooms=sum(count != size for count in rooms.values()),
        unseated=sum(one.room is None for one in told),
        median=statistics.median(waited),
        p95=waited[int(len(waited) * 0.95)],
        after_last=max(one.seated for one in told) - max(one.arrived for one in told),
        frames=sum(one.frames for one in told),
    )


@dataclass
class _Told:
    """The messages to one participant, with their times."""

    arrived: float
    seated: float
    room: int | None = None
    frames: int = 0


async def _visit(guests: Guests, pause: float) -> _Told:
    await asyncio.sleep(pause)
    now = time.perf_counter()
    told = _Told(now, now)
    person = await guests.arrive()
    address = guests.socket(*person, "quorum")
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(PATIENCE),
            connect(address, compression=None, open_timeout=PATIENCE) as line,
        ):
            async for frame in line:
                told.frames += 1
                told.room = json.loads(str(frame).partition(":")[2]).get("room")
                if told.room is not None:
                    break
    told.seated = time.perf_counter()
    return told


@contextmanager
def serving(*, room_size: int) -> Iterator[str]:
    """Serve the experiment with `petri debug`, in its own process."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "runs") as folder, _free_port() as port:
        command = [sys.executable, "-m", "infra.cli", "debug", str(FOLDER)]
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and words of this module
            [*command, "--port", str(port), "--no-browser"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "room_size": str(room_size)},
            stdout=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_for(url, process)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


@contextmanager
def _free_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    yield port


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + STARTING
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{url}/summary"):  # noqa: S310 - our own address
            return
        time.sleep(0.1)
    raise SystemExit("The host didn't start; what it wrote stands above.")
