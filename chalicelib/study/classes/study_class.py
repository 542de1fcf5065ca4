"""Defines the records of classes: the class, and its members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import ClassVar
from zoneinfo import ZoneInfo

from chalicelib.study.study_records import StoredFields


class MemberSource(StrEnum):
    """How a member came into the class."""

    CODE = "code"
    ROSTER = "roster"
    LTI = "lti"


@dataclass
class StudyClass(StoredFields):
    """A class (a cohort) that takes the study: people join it with a code, and instructors teach it.

    Days are ISO 8601 texts in the class's time zone, "" for none; moments are ISO 8601 texts in UTC.
    """

    kind: ClassVar[str] = "study_class"

    number: int
    name: str
    join_code: str
    #: Whether people can join with the code.
    is_open: bool = True
    #: The usernames of the instructors.
    instructors: list[str] = field(default_factory=list)
    #: What each member pays, as a decimal number in the run's currency; "" for nothing.
    fee: str = ""
    #: The first and the last day on which members can begin.
    starts: str = ""
    ends: str = ""
    #: The name of the IANA time zone: `Europe/Berlin`.
    time_zone: str = "UTC"
    #: What people who join fill in besides their name.
    asks_email: bool = True
    asks_student_number: bool = False
    created_by: str = ""
    created: str = ""
    #: Since when the class is archived: it is kept, and can't be joined; None while it isn't.
    archived: str | None = None

    @property
    def zone(self) -> tzinfo:
        """The class's time zone."""
        return UTC if self.time_zone == "UTC" else ZoneInfo(self.time_zone)

    @property
    def begins_at(self) -> datetime | None:
        """The beginning of the first day; None when the class has none.

        Where clocks skip midnight on that day, it is the first moment after the gap.
        """
        return None if not self.starts else self._midnight(date.fromisoformat(self.starts))

    @property
    def ends_at(self) -> datetime | None:
        """The end of the last day; None when the class has none."""
        return self._end_of(self.ends) if self.ends else None

    def ends_for(self, last_day: str, more: Iterable[datetime] = ()) -> datetime | None:
        """Return when the class ends for a member who may go on for longer; None when it has no last day.

        Args:
            last_day: The member's own last day; "" for none.
            more: Other moments until which they may go on, such as a due date that was extended for them.

        """
        if self.ends_at is None:
            return None
        own = [self._end_of(last_day)] if last_day else []
        return max([self.ends_at, *own, *more])

    def _end_of(self, day: str) -> datetime:
        return self._midnight(date.fromisoformat(day) + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        """Return when a day begins: the earlier of two midnights, where clocks are set back over it."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def has_begun(self, now: datetime) -> bool:
        """Whether the first day has come."""
        return self.begins_at is None or self.begins_at <= now

    def is_over(self, now: datetime) -> bool:
        """Whether the last day has passed."""
        return self.ends_at is not None and self.ends_at <= now

    def status(self, now: datetime) -> str:
        """Return whether people can join: `open`, or why they can't."""
        if self.archived is not None:
            return "archived"
        if self.is_over(now):
            return "over"
        if not self.is_open:
            return "closed"
        return "open" if self.has_begun(now) else "not_begun"


class ScoreStatus(StrEnum):
    """How the last sending of a member's score ended."""

    #: Nothing was sent: the member has no points, or no grades are released.
    NONE = ""
    WAITING = "waiting"
    SENT = "sent"
    #: The platform refused it; a repeat needs a person.
    REFUSED = "refused"


@dataclass
class ClassMember(StoredFields):
    """A member of a class, who takes part with an entry link of their own."""

    kind: ClassVar[str] = "class_member"

    class_number: int
    #: The worker id of their entry link.
    seat: str
    #: The participant, once they have begun.
    participant_id: int | None = None
    name: str = ""
    email: str = ""
    student_number: str = ""
    #: When they joined; None for a person on the roster who hasn't used their link yet.
    joined: str | None = None
    #: When they left the class, or were removed from it.
    left: str | None = None
    source: str = MemberSource.CODE.value
    #: How often the entry link was renewed; earlier links don't work.
    link_serial: int = 0
    #: The id of the charge with which the fee was paid; "" while it isn't.
    fee_paid: str = ""
    #: The ids of all charges of this member, refunded ones too.
    charges: list[str] = field(default_factory=list)
    #: When the entry link was last sent by email.
    link_sent: str | None = None
    #: When it was last asked for that the link is mailed, and how that ended: waiting, sent or refused.
    link_asked: str | None = None
    link_mail: str = ""
    #: The last day on which this member can go on, if it is later than that of the class.
    last_day: str = ""
    #: What identifies them at a learning platform, as a hash; "" for members who came otherwise.
    lti_identity: str = ""
    #: The learning platform that opened the study for them, its own id of them, its address for scores.
    lti_platform: str = ""
    lti_subject: str = ""
    line_item: str = ""
    #: How the last sending of a score there ended: waiting, sent or refused; "" before the first.
    score_status: str = ""
    #: When that was: of a score that was sent, its time at the platform.
    score_at: str | None = None
    #: Why a score was refused or still waits.
    score_reason: str = ""
    #: The score that the platform has, and its address there.
    score_sent: str = ""

    @property
    def is_active(self) -> bool:
        """Whether the member hasn't left."""
        return self.left is None
