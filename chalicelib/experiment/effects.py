"""What a hook asks for beyond the records of its request; `operations.wishes` posts a message for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that is done once after the commit, however often the hook was run again."""


@dataclass(frozen=True, slots=True)
class Recruit(Effect):
    """Ask for n more participants."""

    n: int


@dataclass(frozen=True, slots=True)
class StopRecruiting(Effect):
    """Ask for no more participants."""


@dataclass(frozen=True, slots=True)
class PublishData(Effect):
    """Send data to everyone who listens on a channel."""

    channel: str
    data: Any


@dataclass(frozen=True, slots=True)
class CallLater(Effect):
    """Call a method of the experiment in so many seconds."""

    seconds: float
    method: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReplaceWithBot(Effect):
    """Let a bot play on for a participant who is gone."""

    participant_id: int


@dataclass(frozen=True, slots=True)
class DismissGroup(Effect):
    """Let everyone go who is in one group with a participant who is gone."""

    participant_id: int


@dataclass(frozen=True, slots=True)
class ScreenOut(Effect):
    """Pay the fee for being screened out, and ask for another participant."""

    participant_id: int
