"""Stores a participant's answers within the size of an item, and reads those stored elsewhere.

A DynamoDB item holds 400 KB. A place has short answers of recent rounds; a long one is a pointer to the
response in which it is stored, and answers of rounds long past are read from the responses when needed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from chalicelib.model import keys
from chalicelib.ports import UnitOfWork

from .study_records import Place

#: The key of a pointer; its value is the serial of a response.
POINTER: Final = "$response"
#: Answers of more bytes of JSON are stored in their response only.
LONG: Final = 1_000
#: When a place's answers take more bytes, those of past rounds are dropped from it.
MOST_BYTES: Final = 100_000

Answers = dict[str, Any]
#: The entries of responses by participant and serial.
Recorded = Mapping[tuple[int, int], list[dict[str, Any]]]


def shortened(value: Any, serial: int) -> Any:
    """Return an answer as a place stores it: itself, or a pointer to its response if it is long."""
    return {POINTER: serial} if _size(value) > LONG else value


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def spill(place: Place, around: Collection[str]) -> None:
    """Drop answers of past rounds from a large place, oldest first, except those in scopes `around`."""
    size = _size(place.answers)
    for scope in [scope for scope in place.answers if scope not in around]:
        if size <= MOST_BYTES:
            return
        size -= _size(place.answers.pop(scope))
        place.spilled = True
        for counters in (place.attempts, place.earned):
            for counter in [one for one in counters if one.startswith(f"{scope}|")]:
                del counters[counter]


class AnswerReader:
    """Reads answers of one participant, each response once."""

    def __init__(self, work: UnitOfWork, place: Place, recorded: Recorded) -> None:
        """`place`: the participant's. `recorded`: responses that this unit of work writes."""
        self._work = work
        self._place = place
        self._recorded = recorded
        self._past: dict[str, Answers] | None = None

    def scopes(self) -> list[str]:
        """Return the scopes that have answers, oldest first."""
        return list(dict.fromkeys([*self._spilled(), *self._place.answers]))

    def of(self, scope: str) -> Answers:
        """Return the answers of a scope by item, each whole."""
        in_place = self._place.answers.get(scope)
        answers = self._spilled().get(scope, {}) if in_place is None else in_place
        return {name: self._whole(name, value) for name, value in answers.items()}

    def has(self, scope: str, name: str) -> bool:
        """Whether an item was answered in a scope."""
        in_place = self._place.answers.get(scope)
        return name in (self._spilled().get(scope, {}) if in_place is None else in_place)

    def one(self, scope: str, name: str) -> Any:
        """Return one answer of a scope."""
        in_place = self._place.answers.get(scope)
        return self._whole(name, (self._spilled().get(scope, {}) if in_place is None else in_place)[name])

    def _whole(self, name: str, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.keys() != {POINTER}:
            return value
        number, serial = self._place.participant_id, int(value[POINTER])
        entries = self._recorded.get((number, serial))
        if entries is None:
            stored = self._work.item(keys.response(number, serial))
            entries = [] if stored is None else stored.get("answers", [])
        return next((entry.get("answer") for entry in entries if entry["item"] == name), None)

    def _spilled(self) -> Mapping[str, Answers]:
        """Return the answers of all responses by scope, if some of them are in responses only."""
        if not self._place.spilled:
            return {}
        if self._past is None:
            self._past = {}
            pk, prefix = keys.response(self._place.participant_id, 0)[0], keys.RESPONSES
            for response in self._work.items(pk, prefix):
                answers = {entry["item"]: entry.get("answer") for entry in response.get("answers", ())}
                self._past.setdefault(response.get("scope", ""), {}).update(answers)
        return self._past
