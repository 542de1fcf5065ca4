"""A run from its start to its end: serve, launch, let bots take part, stop in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from chalicelib.model.errors import ExperimentError
from infra.local.crowd import Crowd, Participation
from infra.local.drain import Drain
from infra.local.gateway import HttpRequest
from infra.local.host import Host
from infra.local.interrupt import stopping_on_signals
from infra.local.places import Places
from infra.local.server import serve, url_of

#: Seconds between two looks whether a session that ends by itself is over.
LOOK_EVERY = 0.3


@dataclass(frozen=True)
class Bots:
    """The bots of a session: of which classes, how many, how many at the same moment."""

    classes: Sequence[type[Any]]
    count: int
    at_once: int
    seed: int | None = None
    before: int = 0


@dataclass(frozen=True)
class Plan:
    """What somebody wants of a session."""

    run_id: str
    #: where the run listens
    listener: socket.socket
    #: whether the experiment is launched; data that was loaded again is only looked at
    launch: bool = True
    bots: Bots | None = None
    #: end when the bots are through, or go on serving
    leave: bool = False
    #: asked now and then while serving: whether the session may end by itself
    is_over: Callable[[], bool] | None = None


class Watcher(Protocol):
    """Is told how a session goes."""

    def started(self, url: str, launched: str) -> None:
        """Take where the run is served, and what its recruiter said at the launch."""

    def ended(self, fared: Participation) -> None:
        """Take how a bot fared."""


async def hold(host: Host, drain: Drain, token: str, plan: Plan, places: Places, watcher: Watcher) -> bool:
    """Serve the run until the bots are through or somebody stops it; True when all bots succeeded.

    Raises ExperimentError when the experiment can't be launched.
    """
    # What is loaded by now stays: the collector of garbage need not look through it again and again.
    gc.collect()
    gc.freeze()
    stop = asyncio.Event()
    url = url_of(plan.listener)
    note = places.announce(plan.run_id, url)
    try:
        with stopping_on_signals(stop):
            async with served(host, drain, plan.listener):
                launched = await launch(host, token) if plan.launch else ""
                watcher.started(url, launched)
                succeeded = await _let_bots_take_part(plan.bots, url, stop, watcher)
                if not plan.leave:
                    await _serve_until(stop, plan.is_over)
                return succeeded
    finally:
        note.unlink(missing_ok=True)


async def _serve_until(stop: asyncio.Event, is_over: Callable[[], bool] | None) -> None:
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if is_over is None else LOOK_EVERY):
                await stop.wait()
        if is_over is not None and is_over():
            return


async def launch(host: Host, token: str) -> str:
    """Launch the experiment, as an operator's POST does; a run that goes on is not launched twice."""
    match = host.lane.routes.match("/launch")
    if match is None:
        raise ExperimentError("The app has no route /launch; register Petri's blueprints in app.py.")
    headers = ((b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json"))
    answer = await host.lane.answer(HttpRequest("POST", "/launch", b"", headers, b"{}", "127.0.0.1"), match)
    said = json.loads(answer.body)
    if said.get("error_code") == "internal_error":
        raise ExperimentError(
            "The experiment's own code failed at the launch, as told above; mend it there. "
            "--verbose, and the run's log, show the whole traceback."
        )
    if said.get("status") == "error":
        raise ExperimentError(f"The experiment can't be launched: {said['error_text']}")
    return str(said.get("recruitment_msg", ""))


@asynccontextmanager
async def served(host: Host, drain: Drain, listener: socket.socket) -> AsyncIterator[None]:
    """Serve a host, and carry out what it leaves to do, while the block lasts."""
    stop_serving = asyncio.Event()
    host.after_request = drain.soon
    if host.sockets is not None:
        host.sockets.after_event = partial(_after_event, host, drain)
    serving = asyncio.create_task(serve(host, listener, stop_serving))
    draining = asyncio.create_task(drain.run())
    try:
        yield
    finally:
        if host.sockets is not None:
            host.sockets.host_is_going()
        stop_serving.set()
        await serving
        draining.cancel()
        await drain.empty()


def _after_event(host: Host, drain: Drain) -> None:
    """See to what a frame left to do, and to those for whom it may have opened a place."""
    host.lane.wake()
    drain.soon()


async def _let_bots_take_part(bots: Bots | None, url: str, stop: asyncio.Event, watcher: Watcher) -> bool:
    if bots is None:
        return True
    crowd = Crowd(url, bots.classes, bots.count, at_once=bots.at_once, seed=bots.seed, before=bots.before)
    loop = asyncio.get_running_loop()
    ended: asyncio.Queue[Participation] = asyncio.Queue()
    crowd.start(
        lambda fared: None if loop.is_closed() else loop.call_soon_threadsafe(ended.put_nowait, fared)
    )
    stopped = asyncio.create_task(stop.wait())
    all_succeeded = True
    try:
        for _ in range(bots.count):
            one = asyncio.create_task(ended.get())
            await asyncio.wait({one, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not one.done():
                one.cancel()
                return False
            watcher.ended(one.result())
            all_succeeded = all_succeeded and one.result().succeeded
    finally:
        crowd.stop()
        stopped.cancel()
    return all_succeeded
