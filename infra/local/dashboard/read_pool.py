"""Runs the dashboard's reads in threads of their own, so that no participant waits for them.

The reads have an app of their own, whose store only reads. One that has to write after all is run again where
changes are made. Forms with a password are run here first too, for their hash takes long: when they are run
again, the hash is known (`password_hashing`). So is what a provider has said about a sign-in with an account
there (`openid_sign_in`). The threads are daemons: a hook of the author that never
returns doesn't keep the process.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from chalicelib import services
from chalicelib.services import App
from infra.lambda_events.responses import ProxyResponse, error_response

#: The paths whose GETs are reads of the dashboard.
READ_PATHS: Final = ("/dashboard", "/api/v1")
#: GETs below this one go on with a sign-in, and are handled where changes are made.
_SIGN_IN: Final = "/dashboard/sign-in/"
#: GETs below this one begin a sign-in at a provider, or end it: they wait for the provider.
_AT_PROVIDERS: Final = "/dashboard/sign-in/openid/"
#: The paths whose POSTs hash a password.
HASHING_PATHS: Final = (
    "/dashboard/sign-in/password",
    "/dashboard/sign-in/new-password",
    "/dashboard/account/password",
    "/dashboard/account/confirm",
    "/dashboard/invitation",
)
THREADS: Final = 2
#: Seconds after which a thread that computes lets another go on; Python's own value is ten times as long.
SWITCH_INTERVAL: Final = 0.0005
#: How many reads may wait; further ones are refused, since a browser asks again.
MOST_WAITING: Final = 200

Handler = Callable[[], ProxyResponse]


class ReadPool:
    """A few threads, which are started by the first read."""

    def __init__(
        self, app: Callable[[], App], took_refusal: Callable[[], bool], *, threads: int = THREADS
    ) -> None:
        """`app`: returns the app whose store only reads.

        `took_refusal`: returns whether the store has refused a change in this thread since the last call.
        """
        self._app = app
        self._took_refusal = took_refusal
        self._size = threads
        self._threads: list[threading.Thread] = []
        self._usual_interval = sys.getswitchinterval()
        self._work: SimpleQueue[tuple[Handler, asyncio.Future[ProxyResponse | None]] | None] = SimpleQueue()

    @staticmethod
    def serves(method: str, path: str) -> bool:
        """Whether a request is a read of the dashboard, or one that hashes a password or asks a provider."""
        if method == "GET" and path.startswith(_SIGN_IN):
            return path.startswith(_AT_PROVIDERS)
        paths = READ_PATHS if method == "GET" else HASHING_PATHS if method == "POST" else ()
        return any(path == own or path.startswith(f"{own}/") for own in paths)

    async def answer(self, handler: Handler) -> ProxyResponse | None:
        """Call the handler in a thread; None when it tried to write, which nothing was."""
        if self._work.qsize() >= MOST_WAITING:
            text = "Too many pages of the dashboard are being read at once; retry in a moment."
            return error_response(503, "busy", text, headers=((b"retry-after", b"2"),))
        if not self._threads:
            self._start()
        future: asyncio.Future[ProxyResponse | None] = asyncio.get_running_loop().create_future()
        self._work.put((handler, future))
        return await future

    def close(self) -> None:
        """Let the threads end after the read that each is running."""
        for _ in self._threads:
            self._work.put(None)
        if self._threads:
            sys.setswitchinterval(self._usual_interval)

    def _start(self) -> None:
        # A thread that waits for another's bytecode gets its turn sooner: each call to SQLite waits for it.
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._threads = [
            threading.Thread(target=self._run, name=f"dashboard-{number}", daemon=True)
            for number in range(self._size)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            handler, future = work
            if not future.done():
                self._carry_out(handler, future)

    def _carry_out(self, handler: Handler, future: asyncio.Future[ProxyResponse | None]) -> None:
        result: ProxyResponse | Exception | None
        try:
            with services.using(self._app()):
                result = handler()
        except Exception as error:  # noqa: BLE001 - the caller, on the loop, gets it
            result = error
        if self._took_refusal():
            result = None
        loop = future.get_loop()
        # The loop is closed when the run has ended meanwhile: nothing waits for the response any more.
        if not loop.is_closed():
            loop.call_soon_threadsafe(_finish, future, result)


def _finish(future: asyncio.Future[ProxyResponse | None], result: ProxyResponse | Exception | None) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
