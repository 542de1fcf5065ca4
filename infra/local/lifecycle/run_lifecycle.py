"""Runs a session: serves a run, launches it, lets bots take part, and shuts down."""

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
#: Seconds between two checks whether a session has finished.
LOOK_EVERY = 0.3


@dataclass(frozen=True)
class BotSpec:
    """The bots of a session: their classes, their number and their concurrency."""

    classes: Sequence[type[Any]]
    count: int
    at_once: int
    seed: int | None = None
    before: int = 0
    #: time limit for each bot, in seconds; None: no limit
    bot_timeout: float | None = None
    #: time limit for all bots, in seconds
    timeout: float | None = None


@dataclass(frozen=True)
class SessionSpec:
    """The options of a session."""

    run_id: str
    #: the listening socket
    listener: socket.socket
    #: whether to launch the experiment; a loaded export is only served
    launch: bool = True
    bots: BotSpec | None = None
    #: whether to end when all bots have finished
    leave: bool = False
    #: polled while serving: whether the session has finished
    is_over: Callable[[], bool] | None = None
    #: failures of the experiment's code; a run of bots ends at the first one
    failures: HookFailures | None = None
    #: called several times a second while the session lasts
    look: Callable[[], None] | None = None


class Watcher(Protocol):
    """Observes a session."""

    def started(self, url: str, launched: str) -> None:
        """Called with the run's address and the recruiter's message at the launch."""

    def ended(self, result: Participation) -> None:
        """Called with the result of each bot."""


async def run_session(
    host: Host, drain: BackgroundWorker, token: str, plan: SessionSpec, paths: RunPaths, watcher: Watcher
) -> bool:
    """Serve the run until all bots have finished or a signal stops it; True when all bots succeeded.

    Raises ExperimentError when the experiment can't be launched.
    """
    # Objects that are loaded by now live on, so the garbage collector need not scan them.
    gc.collect()
    gc.freeze()
    stop = asyncio.Event()
    url = url_of(plan.listener)
    note = paths.announce(plan.run_id, url)
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
    """Launch the experiment, as an operator's POST does; a continued run isn't launched twice."""
    match = host.lane.routes.match("/launch")
    if match is None:
        raise ExperimentError("The app has no route /launch; register Petri's blueprints in app.py.")
    headers = ((b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json"))
    answer = await host.lane.answer(HttpRequest("POST", "/launch", b"", headers, b"{}", "127.0.0.1"), match)
    reply = json.loads(answer.body)
    if reply.get("error_code") == "internal_error":
        raise ExperimentError(
            "The experiment's code failed at the launch, as shown above; fix it and run the command again."
        )
    if reply.get("status") == "error":
        raise ExperimentError(f"The experiment can't be launched: {reply['error_text']}")
    return str(reply.get("recruitment_msg", ""))


@asynccontextmanager
async def served(host: Host, drain: BackgroundWorker, listener: socket.socket) -> AsyncIterator[None]:
    """Serve a host and process its messages inside the with block."""
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
    """Process the messages that a frame left, and retry requests for which it may have opened a place."""
    host.lane.wake()
    drain.soon()


async def _let_bots_take_part(plan: SessionSpec, url: str, stop: asyncio.Event, watcher: Watcher) -> bool:
    """Let the bots of a session take part; True when all of them succeeded."""
    if plan.bots is None:
        return True
    taking_part = _BotsTakingPart(plan.bots, url, stop, watcher, plan.look)
    if plan.failures is not None:
        plan.failures.listen(taking_part.note_failure)
    return await taking_part.run()


class _BotsTakingPart:
    """Runs the bots of a session until all have finished, or until it is stopped."""

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
        """Record that the experiment's code has failed; may be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._failed.set)

    def _note_end(self, result: Participation) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ended.put_nowait, result)

    async def run(self) -> bool:
        """Return whether all bots succeeded; False at once when the run is stopped or a hook fails."""
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
                result = await self._next()
                if result is not None:
                    left -= 1
                    self._watcher.ended(result)
                    all_succeeded = all_succeeded and result.succeeded
        finally:
            self._crowd.stop()
        return all_succeeded and not left and not self._failed.is_set()

    async def _next(self) -> Participation | None:
        """Wait for the next bot that ends; None after a short timeout, a stop or a failure."""
        stopping = [asyncio.create_task(one.wait()) for one in (self._stop, self._failed)]
        next_end = asyncio.create_task(self._ended.get())
        try:
            await asyncio.wait({next_end, *stopping}, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
            return next_end.result() if next_end.done() else None
        finally:
            for task in (next_end, *stopping):
                task.cancel()

    def _end_late(self, left: int) -> None:
        """Report what each bot was waiting for when the time limit for all bots was reached."""
        for result in self._crowd.end("the run's time limit was reached"):
            self._watcher.ended(result)
        _logger.warning(
            "The run was ended after %g seconds (--timeout): %s of %s bots had not finished.",
            self._bots.timeout,
            left,
            self._bots.count,
        )


def _has_failed(plan: SessionSpec) -> bool:
    """Whether the experiment's code has failed in a run of bots."""
    return plan.bots is not None and plan.failures is not None and bool(plan.failures.failures)
