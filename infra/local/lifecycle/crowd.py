"""Runs bots as participants, each in its own thread, with limited concurrency."""

from __future__ import annotations

import inspect
import itertools
import logging
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import urlencode

from chalicelib.errors import errors_only
from chalicelib.experiment.bots.api_client import ApiClient

_logger = logging.getLogger("petri.bots")
#: Characters of ids, without letters that look like digits.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_ID_LENGTH = 10


@dataclass(frozen=True)
class Participation:
    """The result of one bot; `number` counts from 1."""

    number: int
    succeeded: bool
    seconds: float
    problems: tuple[str, ...] = ()


@dataclass
class _AtWork:
    """A bot that is taking part."""

    number: int
    bot: Any
    thread: int = field(default_factory=threading.get_ident)
    began: float = field(default_factory=time.monotonic)

    def state(self) -> str:
        """Describe what the bot waits for, and at which line of the author's code."""
        what = str(getattr(self.bot, "waiting_for", ""))
        place = _place_in_code(type(self.bot), self.thread)
        if what and place:
            return f"it was waiting for {what}, at {place}"
        return f"it was waiting for {what}" if what else f"it was at {place or 'an unknown place'}"

    def cut_short(self, why: str) -> Participation:
        """End the bot's participation; its thread ends at its next request."""
        stop = getattr(self.bot, "stop", None)
        if callable(stop):
            stop()
        return Participation(
            self.number,
            succeeded=False,
            seconds=time.monotonic() - self.began,
            problems=(f"{why}; {self.state()}.",),
        )


class Crowd:
    """The bots of one run."""

    def __init__(
        self,
        url: str,
        classes: Sequence[type[Any]],
        count: int,
        *,
        at_once: int = 1,
        seed: int | None = None,
        before: int = 0,
        token: str = "",
    ) -> None:
        """Plan for `count` bots of `classes`, in turn, at the experiment under `url`.

        `at_once`: the number of concurrent bots. `seed`: makes the bots' ids and random draws reproducible.
        `before`: the number of earlier participants, after which ids continue. `token`: the operator's
        token, with which HTTP bots can enter a run that requires entry links.
        """
        self._url = url
        self._classes = classes
        self._count = count
        self._at_once = at_once
        self._seed = seed
        self._before = before
        self._token = token
        self._numbers = itertools.count(1)
        self._guard = threading.Lock()
        self._stopped = threading.Event()
        self._at_work: dict[int, _AtWork] = {}

    def start(self, ended: Callable[[Participation], object]) -> None:
        """Start the bots; `ended` is called once for each, in the bot's own thread."""
        for _ in range(min(self._at_once, self._count)):
            self._start_thread(ended)

    def _start_thread(self, ended: Callable[[Participation], object]) -> None:
        # Daemon threads: Ctrl-C doesn't wait for bots that wait for one another.
        threading.Thread(target=self._work, args=(ended,), name="bot", daemon=True).start()

    def cut_short(self, seconds: float, ended: Callable[[Participation], object]) -> None:
        """Stop each bot that has taken longer than `seconds`, and start the next one in its place."""
        now = time.monotonic()
        for one in self._taken_out(lambda each: now - each.began > seconds):
            ended(one.cut_short(f"stopped after {seconds:g} seconds (--bot-timeout)"))
            self._start_thread(ended)

    def end(self, why: str) -> list[Participation]:
        """Stop all bots and start no more; return the results of those that were taking part."""
        self.stop()
        return [one.cut_short(why) for one in self._taken_out(lambda _: True)]

    def _taken_out(self, chosen: Callable[[_AtWork], bool]) -> list[_AtWork]:
        with self._guard:
            numbers = [number for number, one in self._at_work.items() if chosen(one)]
            return [self._at_work.pop(number) for number in sorted(numbers)]

    def stop(self) -> None:
        """Start no more bots; those taking part lose the server."""
        self._stopped.set()

    def _work(self, ended: Callable[[Participation], object]) -> None:
        while not self._stopped.is_set():
            with self._guard:
                number = next(self._numbers)
            if number > self._count:
                return
            result = self._take_part(number)
            if result is None:
                # It timed out: that was reported, and another thread continues.
                return
            ended(result)

    def _take_part(self, number: int) -> Participation | None:
        """Let one bot take part; None when it was stopped in the meantime."""
        started = time.monotonic()
        with self._guard:
            self._at_work[number] = _AtWork(number, None)
        try:
            with errors_only():
                bot = self._at_work[number].bot = self._bot(number)
                succeeded = bot.run_experiment() is not False
                problems = tuple(bot.problems)
        except Exception as error:
            # An error in the author's code is this bot's result, and the others continue.
            _logger.debug("Bot %s stopped.", number, exc_info=True)
            succeeded, problems = False, (f"{type(error).__name__}: {error}",)
        with self._guard:
            was_cut_short = self._at_work.pop(number, None) is None
        if was_cut_short:
            return None
        return Participation(number, succeeded, time.monotonic() - started, problems)

    def _bot(self, number: int) -> Any:
        cls = self._classes[(number - 1) % len(self._classes)]
        seeded = {} if self._seed is None else {"seed": f"{self._seed}:{number}"}
        bot = cls(self._link(number), **seeded)
        if self._token and isinstance(line := getattr(bot, "line", None), ApiClient):
            line.token = self._token
        return bot

    def _link(self, number: int) -> str:
        draw = random.Random(None if self._seed is None else f"{self._seed}:{self._before + number}")
        ids = {name: "".join(draw.choices(_LETTERS, k=_ID_LENGTH)) for name in ("assignmentId", "workerId")}
        return f"{self._url}/ad?{urlencode({'recruiter': 'bots', 'hitId': 'bots', **ids, 'mode': 'debug'})}"


def _place_in_code(bot: type[Any], thread: int) -> str:
    """Return where a bot's thread is in the author's code; "" if that is unknown."""
    try:
        folder = Path(inspect.getfile(bot)).resolve().parent
    except (TypeError, OSError):
        return ""
    frame: FrameType | None = sys._current_frames().get(thread)  # noqa: SLF001 - the way to look at a thread
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder)}, line {frame.f_lineno}, in {frame.f_code.co_name}"
        frame = frame.f_back
    return ""
