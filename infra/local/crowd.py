"""Bots as participants: so many of them, so many at once, each in a thread of its own."""

from __future__ import annotations

import itertools
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from chalicelib.experiment.bot_line import Line

_logger = logging.getLogger("petri.bots")
#: What ids are made of: no letter that is mistaken for a figure.
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_ID_LENGTH = 10


@dataclass(frozen=True)
class Participation:
    """How one bot fared; `number` counts from 1."""

    number: int
    succeeded: bool
    seconds: float
    problems: tuple[str, ...] = ()


class Crowd:
    """Bots that come to one running experiment."""

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

        `at_once`: how many take part at the same moment. `seed`: the same one gives bots of the same names
        that draw the same. `before`: participants who were there before; names go on behind theirs.
        `token`: the operator's, with which bots that talk HTTP sign up; a run may let nobody else in so.
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

    def start(self, ended: Callable[[Participation], object]) -> None:
        """Send the bots; `ended` is called once for each, from the bot's own thread."""
        for _ in range(min(self._at_once, self._count)):
            # Daemons: somebody who presses Ctrl-C doesn't wait for bots that wait for somebody.
            threading.Thread(target=self._work, args=(ended,), name="bot", daemon=True).start()

    def stop(self) -> None:
        """Send no further bots; those on their way find the server gone."""
        self._stopped.set()

    def _work(self, ended: Callable[[Participation], object]) -> None:
        while not self._stopped.is_set():
            with self._guard:
                number = next(self._numbers)
            if number > self._count:
                return
            ended(self._take_part(number))

    def _take_part(self, number: int) -> Participation:
        started = time.monotonic()
        try:
            bot = self._bot(number)
            succeeded = bot.run_experiment() is not False
            problems = tuple(bot.problems)
        except Exception as error:
            # The author's code: whatever it raises is this bot's problem, and the others go on.
            _logger.debug("Bot %s stopped.", number, exc_info=True)
            succeeded, problems = False, (f"{type(error).__name__}: {error}",)
        return Participation(number, succeeded, time.monotonic() - started, problems)

    def _bot(self, number: int) -> Any:
        cls = self._classes[(number - 1) % len(self._classes)]
        seeded = {} if self._seed is None else {"seed": f"{self._seed}:{number}"}
        bot = cls(self._link(number), **seeded)
        if self._token and isinstance(line := getattr(bot, "line", None), Line):
            line.token = self._token
        return bot

    def _link(self, number: int) -> str:
        draw = random.Random(None if self._seed is None else f"{self._seed}:{self._before + number}")
        ids = {name: "".join(draw.choices(_LETTERS, k=_ID_LENGTH)) for name in ("assignmentId", "workerId")}
        return f"{self._url}/ad?{urlencode({'recruiter': 'bots', 'hitId': 'bots', **ids, 'mode': 'debug'})}"
