"""Defines the effects of hooks; `operations/recruitment/effect_dispatch.py` posts a message for each."""

from __future__ import annotations

from typing import Any

from chalicelib.immutable import immutable


@immutable()
class Effect:
    """An effect outside of the records, which happens once after the commit, even if the hook is retried."""


@immutable()
class Recruit(Effect):
    """Recruit n more participants."""

    n: int


@immutable()
class StopRecruiting(Effect):
    """Stop recruiting."""


@immutable()
class PublishData(Effect):
    """Send data to all subscribers of a channel."""

    channel: str
    data: Any


@immutable()
class CallLater(Effect):
    """Call a method of the experiment after a delay in seconds."""

    seconds: float
    method: str
    arguments: dict[str, Any]


@immutable()
class ReplaceWithBot(Effect):
    """Start a bot in the seat of a dropout."""

    participant_id: int


@immutable()
class DismissGroup(Effect):
    """Release all members of the group of a dropout."""

    participant_id: int


@immutable()
class ScreenOut(Effect):
    """Pay a screened-out participant, and recruit another one."""

    participant_id: int


@immutable()
class LeaveStudy(Effect):
    """Free the slot of a participant who leaves a study, and let their group go on."""

    participant_id: int


@immutable()
class FollowPresence(Effect):
    """Carry out a study's dropout policy for a participant who has disconnected, or let one return."""

    participant_id: int
