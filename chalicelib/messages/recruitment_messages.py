"""Messages to recruiters and the operator: places, payments, mail."""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar

from chalicelib.immutable import immutable

from .codec import FORMERLY, MessageBody, message_type
from .lanes import Lane


@message_type(formerly="recruiting")
@immutable()
class CarryOutRecruitment(MessageBody):
    """Apply the recruitment requests of hooks, in order, in one commit."""

    kind: ClassVar[str] = "carry_out_recruitment"
    lane: ClassVar[Lane] = Lane.WORK
    is_continued: ClassVar[bool] = True

    #: Each request (`recruit` or `close`), and for how many participants.
    requests: tuple[tuple[str, int], ...] = field(metadata={FORMERLY: "wishes"})


@message_type()
@immutable()
class OpenPlaces(MessageBody):
    """Open places at a recruiter; the token makes it idempotent."""

    kind: ClassVar[str] = "open_places"
    lane: ClassVar[Lane] = Lane.WORK
    is_continued: ClassVar[bool] = True

    recruiter: str
    n: int
    token: str
    #: The recruiter's state, as the commit that posts this read it. It is valid for a consumer that continues
    #: with the message; later attempts read it again.
    known: dict[str, Any] | None = None


@message_type(formerly="stop_recruiter")
@immutable()
class CloseRecruitment(MessageBody):
    """Close the listings of a recruiter."""

    kind: ClassVar[str] = "close_recruitment"
    lane: ClassVar[Lane] = Lane.WORK
    is_continued: ClassVar[bool] = True

    recruiter: str


@message_type(formerly="offer")
@immutable()
class CheckListing(MessageBody):
    """Check a listing (a HIT) that has a report, or whose time is up."""

    kind: ClassVar[str] = "check_listing"
    lane: ClassVar[Lane] = Lane.WORK

    recruiter: str
    hit_id: str
    event_type: str | None = None


@message_type(formerly="pay")
@immutable()
class SendPayment(MessageBody):
    """Send a payment through its recruiter."""

    kind: ClassVar[str] = "send_payment"
    lane: ClassVar[Lane] = Lane.WORK
    is_continued: ClassVar[bool] = True

    participant_id: int
    #: Which of the participant's payments: base, bonus, compensation or screen-out.
    payment: str
    #: The nickname of the participant's recruiter; "" where it wasn't known.
    recruiter: str = ""


@message_type(formerly="tell_operator")
@immutable()
class NotifyOperator(MessageBody):
    """Mail the operator."""

    kind: ClassVar[str] = "notify_operator"
    lane: ClassVar[Lane] = Lane.WORK

    report: dict[str, Any]
    #: The participant whose page reports an error, if known.
    participant_id: int | None = None
    #: Whether a page wrote the report, so that it is quoted.
    is_quoted: bool = False
    #: Whether it is the last report that is mailed in this hour.
    is_last: bool = False


@message_type()
@immutable()
class SealAuditLog(MessageBody):
    """Seal the audit log, and keep the seals that aren't kept yet."""

    kind: ClassVar[str] = "seal_audit_log"
    lane: ClassVar[Lane] = Lane.WORK
