"""What is asked of recruiters and of the operator: places, payments, mail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from .codec import FORMERLY, MessageBody, message_type
from .lanes import Lane


@message_type(formerly="recruiting")
@dataclass(frozen=True)
class CarryOutRecruitment(MessageBody):
    """Do what hooks asked of recruiters in one commit, in order."""

    kind: ClassVar[str] = "carry_out_recruitment"
    lane: ClassVar[Lane] = Lane.WORK
    is_continued: ClassVar[bool] = True

    #: What is asked for (`recruit` or `close`), and for how many participants.
    requests: tuple[tuple[str, int], ...] = field(metadata={FORMERLY: "wishes"})


@message_type()
@dataclass(frozen=True)
class OpenPlaces(MessageBody):
    """Have a recruiter open places; a repeat with the same token opens them once."""

    kind: ClassVar[str] = "open_places"
    lane: ClassVar[Lane] = Lane.WORK
    is_continued: ClassVar[bool] = True

    recruiter: str
    n: int
    token: str
    #: What the recruiter wanted to know next time, as the commit that posts this found it. It holds for a
    #: consumer that continues with the message; later tries read it anew.
    known: dict[str, Any] | None = None


@message_type(formerly="stop_recruiter")
@dataclass(frozen=True)
class CloseRecruitment(MessageBody):
    """Have a recruiter open no more places."""

    kind: ClassVar[str] = "close_recruitment"
    lane: ClassVar[Lane] = Lane.WORK
    is_continued: ClassVar[bool] = True

    recruiter: str


@message_type(formerly="offer")
@dataclass(frozen=True)
class CheckListing(MessageBody):
    """Look at a listing (a HIT) that something is reported of, or whose time is up."""

    kind: ClassVar[str] = "check_listing"
    lane: ClassVar[Lane] = Lane.WORK

    recruiter: str
    hit_id: str
    event_type: str | None = None


@message_type(formerly="pay")
@dataclass(frozen=True)
class SendPayment(MessageBody):
    """Send a payment through its recruiter."""

    kind: ClassVar[str] = "send_payment"
    lane: ClassVar[Lane] = Lane.WORK
    is_continued: ClassVar[bool] = True

    participant_id: int
    #: Which of the participant's payments: base, bonus, compensation or screen-out.
    payment: str
    #: Whose nickname the participant's record carries; "" where it wasn't known.
    recruiter: str = ""


@message_type(formerly="tell_operator")
@dataclass(frozen=True)
class NotifyOperator(MessageBody):
    """Send the operator a mail."""

    kind: ClassVar[str] = "notify_operator"
    lane: ClassVar[Lane] = Lane.WORK

    report: dict[str, Any]
    #: The participant whose page reports an error, if it is one's.
    participant_id: int | None = None
    #: Whether a page wrote the report, so that it is quoted.
    is_quoted: bool = False
    #: Whether it is the last one that is mailed in this hour.
    is_last: bool = False
