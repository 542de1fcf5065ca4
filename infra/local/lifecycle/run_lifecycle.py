"""A run from its start to its end: serve, launch, let bots take part, stop in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import math
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from chalicelib.errors import ExperimentError
from infra.lambda_events.gateway import HttpRequest
from infra.local.background_worker import BackgroundWorker
from infra.local.hook_failures import HookFailures
from infra.local.host import Host
from infra.local.signals import stopping_on_signals
from infra.local.uvicorn_server import serve, url_of

from .crowd import Crowd, Participation
from .run_paths import RunPaths

_logger = logging.getLogger("petri.local")
#: Seconds between two looks whether a session that ends by itself is over.
LOOK_EVERY = 0.3


@dataclass(frozen=True)
class BotSpec:
    """The bots of a session: of which classes, how many, how many at the same moment."""

    classes: Sequence[type[Any]]
    count: int
    at_once: int
    seed: int | None = None
    before: int = 0
    #: seconds that one bot may take; None: as long as it likes
    bot_timeout: float | None = None
    #: seconds that all of them together may take
    timeout: float | None = None


@dataclass(frozen=True)
class SessionSpec:
    """What somebody wants of a session."""

    run_id: str
    #: where the run listens
    listener: socket.socket
    #: whether the experiment is launched; data that was loaded again is only looked at
    launch: bool = True
    bots: BotSpec | None = None
    #: end when the bots are through, or go on serving
    leave: bool = False
    #: asked now and then while serving: whether the session may end by itself
    is_over: Callable[[], bool] | None = None
    #: what the experiment's own code raises; a run of bots ends at the first failure
    failures: HookFailures | None = None
    #: called several times a second while the session lasts
    look: Callable[[], None] | None = None


class Watcher(Protocol):
    """Is told how a session goes."""

    def started(self, url: str, launched: str) -> None:
        """Take where the run is served, and what its recruiter said at the launch."""

    def ended(self, fared: Participation) -> None:
        """Take how a bot fared."""


async def run_session(
    host: Host, drain: BackgroundWorker, token: str, plan: SessionSpec, places: RunPaths, watcher: Watcher
) -> bool:
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
                succeeded = await _let_bots_take_part(plan, url, stop, watcher)
                if not plan.leave and not _has_failed(plan):
                    await _serve_until(stop, plan.is_over, plan.look)
                return succeeded
    finally:
        note.unlink(missing_ok=True)


async def _serve_until(
    stop: asyncio.Event, is_over: Callable[[], bool] | None, look: Callable[[], None] | None
) -> None:
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if is_over is None and look is None else LOOK_EVERY):
                await stop.wait()
        if look is not None:
            look()
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
            "The experiment's own code failed at the launch, as shown above; correct it there and run the "
            "command again."
        )
    if said.get("status") == "error":
        raise ExperimentError(f"The experiment can't be launched: {said['error_text']}")
    return str(said.get("recruitment_msg", ""))


@asynccontextmanager
async def served(host: Host, drain: BackgroundWorker, listener: socket.socket) -> AsyncIterator[None]:
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


def _after_event(host: Host, drain: BackgroundWorker) -> None:
    """See to what a frame left to do, and to those for whom it may have opened a place."""
    host.lane.wake()
    drain.soon()


async def _let_bots_take_part(plan: SessionSpec, url: str, stop: asyncio.Event, watcher: Watcher) -> bool:
    """Let the bots of a plan take part; True when all of them came through."""
    if plan.bots is None:
        return True
    taking_part = _BotsTakingPart(plan.bots, url, stop, watcher, plan.look)
    if plan.failures is not None:
        plan.failures.listen(taking_part.note_failure)
    return await taking_part.run()


class _BotsTakingPart:
    """The bots of a session, from the first to the last, or until something ends them."""

    def __init__(
        self,
        bots: BotSpec,
        url: str,
        stop: asyncio.Event,
        watcher: Watcher,
        look: Callable[[], None] | None = None,
    ) -> None:
        self._bots = bots
        self._look = look
        self._crowd = Crowd(
            url, bots.classes, bots.count, at_once=bots.at_once, seed=bots.seed, before=bots.before
        )
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Queue[Participation] = asyncio.Queue()
        self._failed = asyncio.Event()
        self._stop = stop
        self._watcher = watcher

    def note_failure(self) -> None:
        """Take note, from any thread, that the experiment's own code has failed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._failed.set)

    def _note_end(self, fared: Participation) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended.put_nowait, fared)

    async def run(self) -> bool:
        """Return whether all came through; False at once when the run is stopped or a hook fails."""
        self._crowd.start(self._note_end)
        until = self._loop.time() + (self._bots.timeout or math.inf)
        left, all_succeeded = self._bots.count, True
        try:
            while left and not self._stop.is_set() and not self._failed.is_set():
                if self._loop.time() > until:
                    self._end_late(left)
                    return False
                if self._bots.bot_timeout is not None:
                    self._crowd.cut_short(self._bots.bot_timeout, self._note_end)
                if self._look is not None:
                    self._look()
                fared = await self._next()
                if fared is not None:
                    left -= 1
                    self._watcher.ended(fared)
                    all_succeeded = all_succeeded and fared.succeeded
        finally:
            self._crowd.stop()
        return all_succeeded and not left and not self._failed.is_set()

    async def _next(self) -> Participation | None:
        """Wait for the next bot that ends; None when something else wants a look first."""
        stopping = [asyncio.create_task(one.wait()) for one in (self._stop, self._failed)]
        next_end = asyncio.create_task(self._ended.get())
        try:
            await asyncio.wait({next_end, *stopping}, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
            return next_end.result() if next_end.done() else None
        finally:
            for task in (next_end, *stopping):
                task.cancel()

    def _end_late(self, left: int) -> None:
        """Say what each bot was waiting for when the time of all of them was over."""
        for fared in self._crowd.end("the run's time was over"):
            self._watcher.ended(fared)
        _logger.warning(
            "The run was ended after %g seconds (--timeout): %s of %s bots had not come through.",
            self._bots.timeout,
            left,
            self._bots.count,
        )


def _has_failed(plan: SessionSpec) -> bool:
    """Whether a run of bots has shown a failure of the experiment's own code."""
    return plan.bots is not None and plan.failures is not None and bool(plan.failures.failures)
