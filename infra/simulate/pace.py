"""How long people take: bots answer at once, so their reading, thinking and typing is reckoned here."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: A word in any script; what drawings and numbers are written with doesn't count.
_WORD = re.compile(r"[^\W\d_]{2,}")
#: POSTs that a page makes by itself: nobody thinks before them.
_BY_THE_PAGE = frozenset({"participant", "node", "load-participant", "tracking_event", "handle-error"})
#: What is asked before the instructions are shown.
_BEFORE = frozenset({"may-take-part", "participant"})
QUESTIONNAIRE = "question"


@dataclass(frozen=True)
class Pace:
    """How fast people are.

    Reading: about 240 words a minute (Brysbaert, 2019, "How many words do we read per minute?"). Typing:
    about 36 words a minute with the thinking that goes with it (Dhakal et al., 2018, "Observations on
    typing from 136 million keystrokes", found 52 when copying).
    """

    #: Seconds from the moment a place is open until somebody has taken it, on average.
    arrival: float = 60.0
    #: Seconds over the instructions.
    instructions: float = 60.0
    #: Seconds over the questionnaire.
    questionnaire: float = 45.0
    #: Seconds that every answer takes beside reading and typing.
    answer: float = 8.0
    words_read: float = 4.0
    words_typed: float = 0.6
    #: How far people lie apart: the standard deviation of the logarithm of their times.
    spread: float = 0.3
    #: Which part of those who come leave on the way without a word.
    dropouts: float = 0.0

    def arrives_after(self, draw: random.Random) -> float:
        """Seconds until somebody takes an open place."""
        return draw.expovariate(1 / self.arrival) if self.arrival else 0.0


class Tempo:
    """One person's pace: some are quick, some slow."""

    def __init__(self, pace: Pace, draw: random.Random) -> None:
        """Draw how quick this person is."""
        self._pace = pace
        self._draw = draw
        self._words_to_read = 0
        self._has_read_instructions = False

    def saw(self, route: str, answer: Mapping[str, Any]) -> None:
        """Take note of what the page shows now."""
        if route.endswith("/received_infos"):
            infos = answer.get("infos") or ()
            self._words_to_read = sum(_words(info.get("contents")) for info in infos)

    def before(self, method: str, route: str, fields: Mapping[str, Any]) -> float:
        """Seconds that go by before somebody's page asks this."""
        first_segment = route.strip("/").partition("/")[0]
        seconds = 0.0
        if first_segment not in _BEFORE and not self._has_read_instructions:
            self._has_read_instructions = True
            seconds += self._pace.instructions
        if method != "POST" or first_segment in _BY_THE_PAGE:
            return self._varied(seconds)
        if first_segment == QUESTIONNAIRE:
            return self._varied(seconds + self._pace.questionnaire)
        reading = self._words_to_read / self._pace.words_read
        typing = _words(fields.get("contents")) / self._pace.words_typed
        self._words_to_read = 0
        return self._varied(seconds + self._pace.answer + reading + typing)

    def _varied(self, seconds: float) -> float:
        # The median is what is asked for; a long tail is how people's times lie.
        return seconds * math.exp(self._draw.gauss(0, self._pace.spread)) if seconds else 0.0


def _words(text: object) -> int:
    return len(_WORD.findall(text)) if isinstance(text, str) else 0
