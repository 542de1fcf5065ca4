"""Defines the effects of hooks; `operations/recruitment/effect_dispatch.py` posts a message for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect outside of the records, which happens once after the commit, even if the hook is retried."""


@dataclass(frozen=True, slots=True)
class Recruit(Effect):
    """Recruit n more participants."""

    n: int


@dataclass(frozen=True, slots=True)
class StopRecruiting(Effect):
    """Stop recruiting."""


@dataclass(frozen=True, slots=True)
class PublishData(Effect):
    """Send data to all subscribers of a channel."""

    channel: str
    data: Any


@dataclass(frozen=True, slots=True)
class CallLater(Effect):
    """Call a method of the experiment after a delay in seconds."""

    seconds: float
    method: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReplaceWithBot(Effect):
    """Start a bot in the seat of a dropout."""

    participant_id: int


@dataclass(frozen=True, slots=True)
class DismissGroup(Effect):
    """Release all members of the group of a dropout."""

    participant_id: int


@dataclass(frozen=True, slots=True)
class ScreenOut(Effect):
    """Pay a screened-out participant, and recruit another one."""

    participant_id: int


@dataclass(frozen=True, slots=True)
class LeaveStudy(Effect):
    """Free the slot of a participant who leaves a study, and let their group go on."""

    participant_id: int


@dataclass(frozen=True, slots=True)
class PlayForDeparted(Effect):
    """Answer a study's pages with the defaults of a participant who has disconnected."""

    participant_id: int
