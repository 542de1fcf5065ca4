"""Runs authors' bots in simulated time: each bot has a thread, and exactly one thread runs at a time.

A bot that sleeps or waits yields to the timeline, which continues with the next event. Requests of bots are
executed by the timeline's thread. So no thread really sleeps, there are no races, and the same seed gives
the same run.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

from chalicelib.errors import ExperimentError

from .timeline import Event, Timeline

T = TypeVar("T")

#: Real seconds without a request after which a bot counts as stuck.
STUCK_AFTER = 30.0

_own = threading.local()


class SimulationEnded(BaseException):
    """Ends a bot's thread; a BaseException, so that an author's `except Exception` doesn't catch it."""


class BotThread:
    """A bot's thread, which runs only while the timeline waits for it."""

    def __init__(
        self, timeline: Timeline, name: str, act: Callable[[], None], *, stuck_after: float = STUCK_AFTER
    ) -> None:
        """`act`: everything that the bot does; it handles its own errors."""
        self._timeline = timeline
        self._name = name
        self._stuck_after = stuck_after
        self._go = threading.Semaphore(0)
        self._paused = threading.Semaphore(0)
        self._act = act
        #: Called while the bot rests, to send heartbeats; returns the seconds until the next call.
        self.pulse: Callable[[], float | None] = _no_pulse
        self.is_over = False
        self._dismissed = False
        self._alarm: Event | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    # On the timeline's thread

    def start(self) -> None:
        """Start the bot and run it to its first pause."""
        self._thread.start()
        self._let_go_on()

    def dismiss(self) -> None:
        """End the bot's thread at its current pause."""
        if not self.is_over:
            self._dismissed = True
            self._let_go_on()

    def notify(self) -> None:
        """End the bot's wait, if it is waiting."""
        if self._alarm is not None:
            self._alarm.call_off()
            self._alarm = None
            self._timeline.after(0, self._let_go_on)

    def _wake_up(self) -> None:
        self._alarm = None
        self._let_go_on()

    def _let_go_on(self) -> None:
        if self.is_over:
            return
        self._go.release()
        if not self._paused.acquire(timeout=self._stuck_after):
            raise ExperimentError(
                f"{self._name} ran for {self._stuck_after:.0f} seconds without a request; look for a loop in "
                "participate() that never waits."
            )

    # On the bot's own thread

    def _run(self) -> None:
        _own.actor = self
        self._go.acquire()
        try:
            self._check()
            self._act()
        except SimulationEnded:
            pass
        finally:
            self.is_over = True
            self._paused.release()

    def _hand_over(self) -> None:
        self._paused.release()
        self._go.acquire()
        self._check()

    def _check(self) -> None:
        if self._dismissed:
            raise SimulationEnded

    @property
    def seconds(self) -> float:
        """The simulated time, in seconds since the start."""
        return self._timeline.seconds

    @property
    def epoch(self) -> float:
        """The simulated time, as a Unix timestamp."""
        return self._timeline.now().timestamp()

    def soon(self, act: Callable[[], object]) -> None:
        """Schedule a call after the current event."""
        self._timeline.after(0, act)

    def rest(self, seconds: float) -> None:
        """Let simulated time pass, sending heartbeats."""
        until = self.seconds + seconds
        while (left := until - self.seconds) > 0:
            next_beat = self.pulse()
            self.pass_time(left if next_beat is None else min(left, next_beat))

    def pass_time(self, seconds: float) -> None:
        """Let simulated time pass."""
        self._check()
        self._timeline.after(seconds, self._let_go_on)
        self._hand_over()

    def ask(self, act: Callable[[], T], seconds: float) -> T:
        """Run a call on the timeline's thread and return its result; the round trip takes `seconds`."""
        self._check()
        results: list[T] = []
        errors: list[BaseException] = []

        def carry_out() -> None:
            try:
                results.append(act())
            except Exception as error:  # noqa: BLE001 - raised again in the bot's thread
                errors.append(error)
            self._timeline.after(seconds / 2, self._let_go_on)

        self._timeline.after(seconds / 2, carry_out)
        self._hand_over()
        if errors:
            raise errors[0]
        return results[0]

    def wait(self, seconds: float) -> None:
        """Wait until `notify` is called, or until the timeout in simulated seconds."""
        self._check()
        self._alarm = self._timeline.after(seconds, self._wake_up)
        self._hand_over()


def _no_pulse() -> float | None:
    return None


@contextmanager
def simulated_time() -> Iterator[None]:
    """Replace `time.sleep`, `time.monotonic` and `time.time` in bots' threads by simulated ones.

    Enter it before authors' code is imported, so that `from time import sleep` is replaced too. Other
    threads keep real time.
    """
    with (
        patch.object(time, "sleep", _for_bots(time.sleep, lambda actor, seconds: actor.rest(seconds))),
        patch.object(time, "monotonic", _for_bots(time.monotonic, lambda actor: actor.seconds)),
        patch.object(time, "time", _for_bots(time.time, lambda actor: actor.epoch)),
    ):
        yield


def _for_bots(real: Callable[..., Any], simulated: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*arguments: Any) -> Any:
        actor = getattr(_own, "actor", None)
        return real(*arguments) if actor is None else simulated(actor, *arguments)

    return wrapper
