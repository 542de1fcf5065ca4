"""Models how long people take to read, think and type, since bots respond at once."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: A word in any script; numbers and the characters of encoded drawings don't count.
_WORD = re.compile(r"[^\W\d_]{2,}")
_TAG = re.compile(r"<[^>]*>")
#: POSTs that a page sends by itself, without thinking time.
_BY_THE_PAGE = frozenset({"participant", "node", "load-participant", "tracking_event", "handle-error"})
#: Requests before the instructions are shown.
_BEFORE = frozenset({"may-take-part", "participant"})
QUESTIONNAIRE = "question"
#: The page of a study, whose instructions are pages too.
STUDY_PAGE = "page"


@dataclass(frozen=True)
class Pace:
    """How fast people are.

    Reading: about 240 words a minute (Brysbaert, 2019, "How many words do we read per minute?"). Typing:
    about 36 words a minute with the thinking that goes with it (Dhakal et al., 2018, "Observations on
    typing from 136 million keystrokes", found 52 when copying).
    """

    #: Mean seconds until an open place is taken.
    arrival: float = 60.0
    #: Seconds to read the instructions.
    instructions: float = 60.0
    #: Seconds to fill in the questionnaire.
    questionnaire: float = 45.0
    #: Seconds per answer, besides reading and typing.
    answer: float = 8.0
    words_read: float = 4.0
    words_typed: float = 0.6
    #: Variation between people: the standard deviation of the logarithm of their times.
    spread: float = 0.3
    #: The share of participants who drop out.
    dropouts: float = 0.0

    def arrives_after(self, draw: random.Random) -> float:
        """Draw the seconds until an open place is taken."""
        return draw.expovariate(1 / self.arrival) if self.arrival else 0.0


class Tempo:
    """The pace of one participant."""

    def __init__(self, pace: Pace, draw: random.Random) -> None:
        """`draw`: the participant's random generator."""
        self._pace = pace
        self._draw = draw
        self._words_to_read = 0
        self._has_read_instructions = False
        #: The serial of the page of a study that is shown, and the items whose answers are typed.
        self._serial: object = None
        self._typed: list[str] = []

    def saw(self, route: str, answer: Mapping[str, Any]) -> None:
        """Record what the page shows after a response."""
        if route.endswith("/received_infos"):
            infos = answer.get("infos") or ()
            self._words_to_read = sum(_words(info.get("contents")) for info in infos)
        elif route.strip("/") == STUDY_PAGE and answer.get("serial") != self._serial:
            self._serial = answer.get("serial")
            self._words_to_read = _words(_TAG.sub(" ", str(answer.get("html") or "")))
            items = answer.get("items") or {}
            self._typed = [name for name, item in items.items() if item.get("kind") == "text"]

    def before(self, method: str, route: str, fields: Mapping[str, Any]) -> float:
        """Return the seconds that pass before the page sends this request."""
        first_segment = route.strip("/").partition("/")[0]
        seconds = 0.0
        if first_segment == STUDY_PAGE:
            self._has_read_instructions = True
        if first_segment not in _BEFORE and not self._has_read_instructions:
            self._has_read_instructions = True
            seconds += self._pace.instructions
        if method != "POST" or first_segment in _BY_THE_PAGE:
            return self._varied(seconds)
        if first_segment == QUESTIONNAIRE:
            return self._varied(seconds + self._pace.questionnaire)
        reading = self._words_to_read / self._pace.words_read
        typing = sum(map(_words, self._texts_in(fields))) / self._pace.words_typed
        self._words_to_read = 0
        return self._varied(seconds + self._pace.answer + reading + typing)

    def _texts_in(self, fields: Mapping[str, Any]) -> list[object]:
        """Return the texts that a request sends and a person has typed."""
        if "answers" not in fields:
            return [fields.get("contents")]
        answers = json.loads(fields["answers"])
        return [answers.get(name) for name in self._typed]

    def _varied(self, seconds: float) -> float:
        # Log-normal: `seconds` is the median, with a long tail.
        return seconds * math.exp(self._draw.gauss(0, self._pace.spread)) if seconds else 0.0


def _words(text: object) -> int:
    return len(_WORD.findall(text)) if isinstance(text, str) else 0
