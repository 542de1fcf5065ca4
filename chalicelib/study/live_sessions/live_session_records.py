"""Defines the records of live sessions: the session, its players, their answers, and its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final

from chalicelib.model.record import iso
from chalicelib.study.study_records import StoredFields

#: The highest score of one answer.
MAX_SCORE: Final = 1000
#: The beginning of the ids of participants who have joined a live session.
SEAT_PREFIX: Final = "live-"


class LivePhase(StrEnum):
    """What the host of a live session shows."""

    LOBBY = "lobby"
    QUESTION = "question"
    ANSWERS = "answers"
    SOLUTION = "solution"
    LEADERS = "leaders"
    FINISHED = "finished"


def seat_id(session: int, mark: str) -> str:
    """Return the worker id of a participant who joins a live session."""
    return f"{SEAT_PREFIX}{session}-{mark}"


def session_of_seat(seat: str) -> int | None:
    """Return the number of the live session that a worker id belongs to; None for any other id."""
    number, _, mark = seat.removeprefix(SEAT_PREFIX).partition("-")
    return int(number) if seat.startswith(SEAT_PREFIX) and number.isdecimal() and mark else None


@dataclass
class LiveSession(StoredFields):
    """A live session: people join it with a PIN, and its host paces the pages of the study."""

    kind: ClassVar[str] = "live_session"

    number: int
    pin: str
    #: Who has opened it: the id of an actor.
    opened_by: str = ""
    opened_at: str = ""
    phase: str = LivePhase.LOBBY.value
    #: The paths of the pages that the host paces, as they were when the session was opened.
    paths: list[str] = field(default_factory=list)
    #: The index of the page that is shown, from 0; -1 in the lobby.
    position: int = -1
    #: When the page was opened, and until when answers count; None without a time limit.
    question_at: str | None = None
    until: str | None = None
    #: Since when the clock stands still; None while it runs.
    paused_at: str | None = None
    #: Whether no more people can join.
    locked: bool = False
    #: The name of a field that people fill in when they join, such as "Student number"; "" for none.
    custom_field: str = ""
    #: How many people can join; 0 for no limit.
    most_players: int = 0
    #: Whether the host's screen shows the answers to a page while it is open.
    bars_open: bool = False
    finished_at: str | None = None
    #: Of a second device that acts as the host: the hash of its code; "" for none.
    remote: str = ""

    def is_open(self, now: datetime, grace: float) -> bool:
        """Whether answers to the page are taken, `grace` seconds after its end included."""
        if self.phase != LivePhase.QUESTION:
            return False
        if self.until is None:
            return True
        return self.clock(now) < datetime.fromisoformat(self.until) + timedelta(seconds=grace)

    def clock(self, now: datetime) -> datetime:
        """Return the moment that the clock of the page shows: while it stands still, that of the pause."""
        return now if self.paused_at is None else datetime.fromisoformat(self.paused_at)

    def seconds_left(self, now: datetime) -> float | None:
        """Return how many seconds are left for answers; None without a time limit."""
        if self.until is None:
            return None
        return max(0.0, (datetime.fromisoformat(self.until) - self.clock(now)).total_seconds())

    def pause(self, now: datetime) -> None:
        """Stop the clock of the page."""
        self.paused_at = self.paused_at or iso(now)

    def resume(self, now: datetime) -> None:
        """Let the clock of the page go on."""
        if self.paused_at is None:
            return
        stood = now - datetime.fromisoformat(self.paused_at)
        for name in ("question_at", "until"):
            moment = getattr(self, name)
            if moment is not None:
                setattr(self, name, iso(datetime.fromisoformat(moment) + stood))
        self.paused_at = None


@dataclass
class LivePlayer(StoredFields):
    """A person who has joined a live session; only they write it, so that 300 answers don't meet."""

    kind: ClassVar[str] = "live_player"

    session: int
    #: The worker id of the participant.
    seat: str
    name: str
    joined_at: str = ""
    #: What they wrote into the session's own field.
    custom: str = ""
    #: The participant, once their page was opened.
    participant_id: int | None = None
    score: int = 0
    right: int = 0
    answered: int = 0
    #: The measured time that a request takes to and from the player's device, in seconds, and how often it
    #: was measured.
    latency: float = 0.0
    echoes: int = 0
    kicked: bool = False
    #: The number of the player's place, from 1; 0 where players aren't limited.
    place: int = 0


@dataclass
class LiveAnswer(StoredFields):
    """The answer of one player to one page of a live session; stored once."""

    kind: ClassVar[str] = "live_answer"

    session: int
    position: int
    participant_id: int
    seat: str
    #: Answers by item.
    answers: dict[str, Any] = field(default_factory=dict)
    #: The share of the graded items that is right, from 0 to 1; None when none is graded.
    share: float | None = None
    #: From the opening of the page to the answer, less the latency.
    seconds: float = 0.0
    score: int = 0


def live_score(limit: float | None, seconds: float, share: float) -> int:
    """Return the score of an answer: the sooner, the more, and 0 for a wrong one.

    `limit`: the time of the question in seconds; None when it has no limit, so that only being right counts.
    `seconds`: the time taken, less the latency. `share`: how much of it is right, from 0 to 1.
    """
    if limit is None or limit <= 0:
        return int(MAX_SCORE * share)
    left = min(limit, max(0.0, limit - max(0.0, seconds)))
    return int(left / limit * MAX_SCORE * share)
