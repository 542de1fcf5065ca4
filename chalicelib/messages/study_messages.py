"""Messages about studies: time limits, departed members, doorbells."""

from __future__ import annotations

from typing import ClassVar

from chalicelib.immutable import immutable

from .codec import MessageBody, message_type
from .lanes import Lane


@message_type()
@immutable()
class EnforceTimeLimit(MessageBody):
    """Enforce the time limits of a participant's page or wait; posted again while one is ahead."""

    kind: ClassVar[str] = "enforce_time_limit"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type()
@immutable()
class Autoplay(MessageBody):
    """Carry out the dropout policy for a participant who has disconnected, or let one return to the group."""

    kind: ClassVar[str] = "autoplay"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int


@message_type()
@immutable()
class ReleaseSeat(MessageBody):
    """Free the slot of a participant who has left a study, and let their group go on."""

    kind: ClassVar[str] = "release_seat"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_id: int
    #: Whether the participant withdrew, so that a later visit in which they are is paid.
    is_withdrawal: bool = False


@message_type()
@immutable()
class FormGroups(MessageBody):
    """Form groups of the participants who wait at an element of a study."""

    kind: ClassVar[str] = "form_groups"
    lane: ClassVar[Lane] = Lane.REALTIME

    path: str


@message_type()
@immutable()
class MoveMembers(MessageBody):
    """Move on the members of a large group who don't ask for their next page by themselves."""

    kind: ClassVar[str] = "move_members"
    lane: ClassVar[Lane] = Lane.REALTIME

    network_id: int


@message_type()
@immutable()
class RingDoorbell(MessageBody):
    """Tell participants' pages to ask for the page that is due."""

    kind: ClassVar[str] = "ring_doorbell"
    lane: ClassVar[Lane] = Lane.REALTIME

    participant_ids: tuple[int, ...]


@message_type()
@immutable()
class CloseVisit(MessageBody):
    """Close a participant's visit to a later session: at its end they have missed it, or haven't finished."""

    kind: ClassVar[str] = "close_visit"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int
    visit: int


@message_type()
@immutable()
class PayVisit(MessageBody):
    """Record what a participant gets for a visit after the first, once."""

    kind: ClassVar[str] = "pay_visit"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int
    visit: int


@message_type()
@immutable()
class SendReminder(MessageBody):
    """Remind a participant of a session that has opened, or closes soon, unless they have begun it."""

    kind: ClassVar[str] = "send_reminder"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int
    visit: int
    #: How: "recruiter" or "email".
    way: str
    #: When: "opening" or "closing".
    occasion: str


@message_type()
@immutable()
class KeepUpload(MessageBody):
    """Keep a large file that an answer refers to, so that it doesn't expire."""

    kind: ClassVar[str] = "keep_upload"
    lane: ClassVar[Lane] = Lane.WORK

    #: The file's reference: participant, page, token and ending.
    reference: str


@message_type()
@immutable()
class FreezeLiveResult(MessageBody):
    """Store the result of a live session that is over, so that nothing changes it any more."""

    kind: ClassVar[str] = "freeze_live_result"
    lane: ClassVar[Lane] = Lane.WORK

    session: int


@message_type()
@immutable()
class FollowHost(MessageBody):
    """Let members of groups who send no request follow the host of a live session; some in each commit."""

    kind: ClassVar[str] = "follow_host"
    lane: ClassVar[Lane] = Lane.REALTIME

    session: int
    #: The page that the host has opened or ended, from 0.
    position: int
    #: The cursor behind which the players are who follow next; "" for the first.
    after: str = ""


@message_type()
@immutable()
class EndLiveSessions(MessageBody):
    """End the live sessions that are open, after the operator has stopped the run; some in each commit."""

    kind: ClassVar[str] = "end_live_sessions"
    lane: ClassVar[Lane] = Lane.REALTIME

    #: The cursor behind which the sessions are that end next, from the newest to the oldest.
    after: str


@message_type()
@immutable()
class ClearAssignment(MessageBody):
    """Delete the exceptions and the points of an assignment that was deleted."""

    kind: ClassVar[str] = "clear_assignment"
    lane: ClassVar[Lane] = Lane.WORK

    class_number: int
    assignment: int


@message_type()
@immutable()
class SendClassScores(MessageBody):
    """Send the released grades of a class to the learning platforms of its members; some in each commit."""

    kind: ClassVar[str] = "send_class_scores"
    lane: ClassVar[Lane] = Lane.WORK

    class_number: int
    #: The cursor behind which the members are who follow next; "" for the first.
    after: str = ""


@message_type()
@immutable()
class MailMemberLink(MessageBody):
    """Mail the entry link of a member of a class to them."""

    kind: ClassVar[str] = "mail_member_link"
    lane: ClassVar[Lane] = Lane.WORK

    class_number: int
    seat: str


@message_type()
@immutable()
class SendMemberScore(MessageBody):
    """Send the released grades of a member of a class to their learning platform."""

    kind: ClassVar[str] = "send_member_score"
    lane: ClassVar[Lane] = Lane.WORK

    class_number: int
    seat: str
