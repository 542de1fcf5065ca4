"""Measures fan-out to 500 sockets: through the management API, and over real sockets on this machine."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from websockets.asyncio.client import connect

from bench.clients.host import ROOT
from bench.gatherings import Guests, serving

SUBSCRIBERS = 500
LATENCY = 0.010
TIMES = 7
TEXT = "talk:" + "x" * 200
#: API Gateway, WebSocket, first thousand million messages a month, us-east-1: dollars for a million messages,
#: each begun 32 KB of one counting, and for a million minutes of connection.
#: https://aws.amazon.com/api-gateway/pricing/
MESSAGES_PER_MILLION = 1.00
MINUTES_PER_MILLION = 0.25
UNIT = 32 * 1024
MILLION = 1_000_000


@dataclass(frozen=True)
class Fanout:
    """Repeated broadcasts: median seconds, and CPU milliseconds per post."""

    way: str
    subscribers: int
    seconds: float
    worst: float
    cpu_ms: float | None


def through_the_management_api() -> Fanout:
    """Post to sockets through an emulated management API in its own process, at 10 ms per post."""
    # Lazy import: the emulator's process doesn't need it.
    from chalicelib.messaging.gateway_channels import MAX_CONCURRENT, GatewayChannels

    os.environ.setdefault("AWS_ACCESS_KEY_ID", "bench")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "bench")
    ids = [f"socket-{number}" for number in range(SUBSCRIBERS)]
    take_counts, cpu = [], []
    with _stand_in() as url, closing(GatewayChannels(url, "us-east-1")) as channels:
        channels.send(ids[:MAX_CONCURRENT], TEXT)
        for _ in range(TIMES):
            began, used = time.perf_counter(), time.process_time()
            gone = channels.send(ids, TEXT)
            take_counts.append(time.perf_counter() - began)
            cpu.append((time.process_time() - used) / SUBSCRIBERS * 1000)
            if gone:
                raise SystemExit(f"{len(gone)} of {SUBSCRIBERS} sockets of the stand-in were gone.")
    way = f"management API, {LATENCY * 1000:.0f} ms a post, {MAX_CONCURRENT} at once"
    return Fanout(way, SUBSCRIBERS, statistics.median(take_counts), max(take_counts), statistics.median(cpu))


@contextmanager
def _stand_in() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.fanout"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process.stdout.readline().strip() if process.stdout else ""
        process.communicate("stop\n")


async def over_real_sockets() -> Fanout:
    """Broadcast to 500 open sockets of the local host, until all have received it."""
    take_counts = []
    with serving(room_size=SUBSCRIBERS + 1) as url:
        guests = Guests(url)
        people = [await guests.arrive() for _ in range(SUBSCRIBERS)]
        sockets = [await connect(guests.socket(*person, "talk"), compression=None) for person in people]
        for _ in range(TIMES):
            began = time.perf_counter()
            await sockets[0].send(TEXT)
            await asyncio.gather(*(socket.recv() for socket in sockets))
            take_counts.append(time.perf_counter() - began)
        await asyncio.gather(*(socket.close() for socket in sockets))
        await guests.close()
    way = "local host, from one page to all"
    return Fanout(way, SUBSCRIBERS, statistics.median(take_counts), max(take_counts), None)


def messages(subscribers: int, size: int, *, comes_in: bool) -> int:
    """Return the number of messages that AWS charges for a broadcast of `size` bytes."""
    units = -(-size // UNIT)
    return units * (subscribers + comes_in)


def cost_of(counted: int) -> float:
    """Return API Gateway's price of so many messages, in US dollars."""
    return counted * MESSAGES_PER_MILLION / MILLION


def cost_of_minutes(people: int, minutes: float) -> float:
    """Return API Gateway's price of open connections, in US dollars."""
    return people * minutes * MINUTES_PER_MILLION / MILLION


class _Nothing:
    """A socket that only counts posts."""

    def send(self, text: str) -> None:
        del text

    def close(self, code: int, reason: str) -> None:
        del code, reason


def _serve_stand_in() -> None:
    from chalicelib.messaging.local_channels import LocalChannels
    from tests.tools.management_api import BadDayAPI

    sockets = LocalChannels()
    for number in range(SUBSCRIBERS):
        sockets.opened(f"socket-{number}", _Nothing())
    with BadDayAPI(sockets, latency=LATENCY) as api:
        print(api.url, flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    _serve_stand_in()
