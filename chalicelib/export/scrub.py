"""Scrubs data: replaces recruiters' ids by the participant's own id, or removes them.

What is personal is known where it comes in: columns that hold ids, settings that are registered as personal,
log lines that carry a text for exports (`log_redaction.py`), and the signed part and ids of entry links.
Beyond that, every id that the run has stored is replaced in texts that the platform and recruiters wrote. A
participant's own words (infos, questions) are data and stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from chalicelib.log_redaction import REDACTED_TEXT
from chalicelib.model.record import PROPERTIES
from chalicelib.storage.engine import Item

from .table_schema import ASSETS, CLASS_MEMBERS, GRADEBOOK, MESSAGES, STUDY_CLASSES, Row

#: Columns that are emptied, by table.
BLANKED: Final[dict[str, tuple[str, ...]]] = {
    "participant": ("unique_id", "assignment_id", "hit_id", "fingerprint_hash"),
    "notification": ("assignment_id",),
    "payment": ("recruiter_reference",),
    MESSAGES: ("author", "author_name"),
    STUDY_CLASSES: ("join_code", "instructors", "created_by"),
    CLASS_MEMBERS: ("member", "name", "email", "student_number", "charge", "link_sent_at"),
    GRADEBOOK: ("comment", "given_by"),
    ASSETS: ("created_by", "deleted_by"),
}
#: Tables that the platform and recruiters write, and their columns in whose texts ids may occur.
WRITTEN_BY_US: Final = (
    *("participant", "notification", "payment", "recruitment"),
    *(MESSAGES, STUDY_CLASSES, CLASS_MEMBERS, GRADEBOOK, ASSETS),
)
SEARCHED: Final = ("failed_reason", "reason", "details", *PROPERTIES)
#: Numbers of fewer digits can't be distinguished from counts in running text.
SHORTEST_NUMBER: Final = 4
ADDRESS: Final = "[address]"
ID: Final = "[id]"
#: What entry links and pages call ids and tokens; what an address gives for them is replaced.
PARAMETERS: Final = (
    *("workerId", "worker_id", "assignmentId", "assignment_id", "hitId", "hit_id", "unique_id", "uniqueId"),
    *("PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "participant_token", "fingerprint_hash", "entry", "token"),
)

_TOKEN: Final = re.compile(r"[^\W_]+")
_ADDRESSES: Final = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|\b(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{1,4}\b"
    r"|\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*::(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?"
)
_PARAMETERS: Final = re.compile(rf"\b({'|'.join(PARAMETERS)})(=|%3[Dd])[^\s&\"'<>\\]+")


class Scrubber:
    """Removes the recruiters' ids of all participants from rows and texts."""

    def __init__(self, participants: Iterable[Item], others: Iterable[str] = ()) -> None:
        """Collect the ids of the participants; `others`: more ids, such as those of HITs and payments."""
        self._names: dict[str, str] = {}
        #: The names that hold a word of letters and digits first, and where in the name it stands.
        self._by_token: dict[str, list[tuple[int, str]]] = {}
        for item in participants:
            number = str(item["id"])
            self._learn(item.get("worker_id"), number)
            self._learn(item.get("assignment_id"), f"assignment-{number}")
            self._learn(item.get("fingerprint_hash"), f"fingerprint-{number}")
            hit_id = str(item.get("hit_id") or "")
            # Bots have a common word as the id of their HIT, which occurs in other texts too.
            if not hit_id.isalpha():
                self._learn(hit_id, ID)
            for text in texts_in(item.get("entry_information")):
                if len(text) >= SHORTEST_NUMBER:
                    self._learn(text, ID)
        for other in others:
            # A number in a log can't be distinguished from an id.
            if not other.isdigit():
                self._learn(other, ID)
        for found in self._by_token.values():
            found.sort(key=lambda place: -len(place[1]))

    def _learn(self, name: str | None, replacement: str) -> None:
        if not name or (name.isdigit() and len(name) < SHORTEST_NUMBER):
            return
        for form in {name, json.dumps(name)[1:-1], quote(name, safe="")}:
            token = _TOKEN.search(form)
            if token is not None and form not in self._names:
                self._names[form] = replacement
                self._by_token.setdefault(token.group(), []).append((token.start(), form))

    def row(self, table: str, row: Row) -> Row:
        """Return a row without values that identify participants."""
        if table not in WRITTEN_BY_US:
            return row
        clean = {name: self.value(held) if name in SEARCHED else held for name, held in row.items()}
        clean.update(dict.fromkeys(BLANKED.get(table, ())))
        if table == "notification":
            clean["details"] = {k: v for k, v in (clean["details"] or {}).items() if k != "hit_id"}
        if table == "participant":
            clean["worker_id"] = str(row["id"])
            clean["entry_information"] = {}
        if table == MESSAGES:
            # A message to some may name them; what all participants saw is part of the procedure.
            clean["text"] = "" if row["participant_ids"] else self.text(row["text"])
        return clean

    def value(self, value: Any) -> Any:
        """Return a value with every text in it scrubbed."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self.value(held) for name, held in value.items()}
        if isinstance(value, list):
            return [self.value(held) for held in value]
        return value

    def text(self, text: str) -> str:
        """Return a text with ids of people replaced, and addresses of mail and machines."""
        pieces: list[str] = []
        done = 0
        for token in _TOKEN.finditer(text):
            name = self._name_at(text, token, done)
            if name is not None:
                begin = token.start() - name[0]
                pieces += [text[done:begin], self._names[name[1]]]
                done = begin + len(name[1])
        pieces.append(text[done:])
        known_out = _PARAMETERS.sub(rf"\1\2{ID}", "".join(pieces))
        return _ADDRESSES.sub(ADDRESS, known_out)

    def log_line(self, line: str) -> str:
        """Return a line of the run's log; one that carries a text for exports has that as its message."""
        if f'"{REDACTED_TEXT}"' in line:
            try:
                fields = json.loads(line)
            except ValueError:
                # Truncated, as by a crash: the rest could still contain ids.
                return "\n"
            if isinstance(fields, dict) and REDACTED_TEXT in fields:
                fields["message"] = fields.pop(REDACTED_TEXT)
                fields.pop("exception", None)
                line = json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"
        return self.text(line)

    def _name_at(self, text: str, token: re.Match[str], done: int) -> tuple[int, str] | None:
        """Return the longest name whose first word this is, and where in it the word stands."""
        for offset, name in self._by_token.get(token.group(), ()):
            begin = token.start() - offset
            end = begin + len(name)
            if begin >= done and text.startswith(name, begin) and not text[end : end + 1].isalnum():
                return offset, name
        return None


def texts_in(value: Any) -> Iterable[str]:
    """Yield every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for held in value.values():
            yield from texts_in(held)
    elif isinstance(value, list | tuple):
        for held in value:
            yield from texts_in(held)
