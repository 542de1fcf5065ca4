"""Authors' code in simulated time: each bot has a thread, and exactly one thread runs at any moment.

A bot that sleeps or waits hands over to the timeline, which goes on with whatever is next. What a bot asks
of the platform is carried out by the timeline's thread. So nothing sleeps, nothing races, and the same
seed gives the same run.
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

#: Seconds of the machine's own time after which a bot that asks for nothing counts as stuck.
STUCK_AFTER = 30.0

_own = threading.local()


class SimulationEnded(BaseException):
    """The trial is over, or this bot's part in it; no `except Exception` of an author's code holds it up."""


class BotThread:
    """A bot's thread, which runs only while the timeline waits for it."""

    def __init__(
        self, timeline: Timeline, name: str, act: Callable[[], None], *, stuck_after: float = STUCK_AFTER
    ) -> None:
        """`act`: what the bot does from its first to its last moment; it handles its own errors."""
        self._timeline = timeline
        self._name = name
        self._stuck_after = stuck_after
        self._go = threading.Semaphore(0)
        self._paused = threading.Semaphore(0)
        self._act = act
        #: What is done now and then while the bot rests: the beats of its page's heart.
        self.pulse: Callable[[], float | None] = _no_pulse
        self.is_over = False
        self._dismissed = False
        self._alarm: Event | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    # On the timeline's thread

    def start(self) -> None:
        """Let the bot begin, up to its first pause."""
        self._thread.start()
        self._let_go_on()

    def dismiss(self) -> None:
        """End the bot's part where it stands."""
        if not self.is_over:
            self._dismissed = True
            self._let_go_on()

    def ring(self) -> None:
        """End the bot's wait, if it waits."""
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
                f"{self._name} has computed for {self._stuck_after:.0f} seconds without asking anything; "
                "look for a loop in participate() that never waits."
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
        """The time, in seconds since the beginning."""
        return self._timeline.seconds

    @property
    def epoch(self) -> float:
        """The time as `time.time()` gives it."""
        return self._timeline.now().timestamp()

    def soon(self, act: Callable[[], object]) -> None:
        """Have the timeline do something when what it does now is done."""
        self._timeline.after(0, act)

    def rest(self, seconds: float) -> None:
        """Let time pass; the heart of the bot's page beats meanwhile."""
        until = self.seconds + seconds
        while (left := until - self.seconds) > 0:
            next_beat = self.pulse()
            self.pass_time(left if next_beat is None else min(left, next_beat))

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and do nothing."""
        self._check()
        self._timeline.after(seconds, self._let_go_on)
        self._hand_over()

    def ask(self, act: Callable[[], T], seconds: float) -> T:
        """Have the timeline do something and return what came of it; there and back takes `seconds`."""
        self._check()
        results: list[T] = []
        errors: list[BaseException] = []

        def carry_out() -> None:
            try:
                results.append(act())
            except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again where it was asked for
                errors.append(error)
            self._timeline.after(seconds / 2, self._let_go_on)

        self._timeline.after(seconds / 2, carry_out)
        self._hand_over()
        if errors:
            raise errors[0]
        return results[0]

    def wait(self, seconds: float) -> None:
        """Let time pass until somebody rings, so many seconds at the most."""
        self._check()
        self._alarm = self._timeline.after(seconds, self._wake_up)
        self._hand_over()


def _no_pulse() -> float | None:
    return None


@contextmanager
def simulated_time() -> Iterator[None]:
    """Give threads of actors the timeline's `time.sleep`, `time.monotonic` and `time.time`.

    Open it before authors' code is imported: what is bound by `from time import sleep` counts too. Other
    threads have their usual time.
    """
    with (
        patch.object(time, "sleep", _for_actors(time.sleep, lambda actor, seconds: actor.rest(seconds))),
        patch.object(time, "monotonic", _for_actors(time.monotonic, lambda actor: actor.seconds)),
        patch.object(time, "time", _for_actors(time.time, lambda actor: actor.epoch)),
    ):
        yield


def _for_actors(usual: Callable[..., Any], simulated: Callable[..., Any]) -> Callable[..., Any]:
    def told(*arguments: Any) -> Any:
        actor = getattr(_own, "actor", None)
        return usual(*arguments) if actor is None else simulated(actor, *arguments)

    return told
