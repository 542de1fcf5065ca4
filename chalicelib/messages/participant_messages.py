"""Messages about a participant: submissions, reviews, reports, deadlines."""

from __future__ import annotations

from typing import Any, ClassVar

from chalicelib.immutable import immutable

from .codec import MessageBody, message_type
from .lanes import Lane


@message_type(formerly="report")
@immutable()
class RecruiterDelivery(MessageBody):
    """Read what SNS delivered into the queue; it is recorded only as a dead letter."""

    kind: ClassVar[str] = "recruiter_delivery"
    lane: ClassVar[Lane] = Lane.WORK

    envelope: dict[str, Any]


@message_type(formerly="notification")
@immutable()
class RecruiterNotification(MessageBody):
    """Apply a recruiter's report to its participant."""

    kind: ClassVar[str] = "recruiter_notification"
    lane: ClassVar[Lane] = Lane.WORK

    event_type: str
    assignment_id: str
    participant_id: int | None
    #: The sender; None for the operator.
    recruiter: str | None = None
    hit_id: str = ""
    #: When it happened at the recruiter, where the recruiter says so.
    at: str | None = None


@message_type(formerly="submitted")
@immutable()
class ProcessSubmission(MessageBody):
    """Process a participant's submission: record base pay, and order a review."""

    kind: ClassVar[str] = "process_submission"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int


@message_type(formerly="task_completed")
@immutable()
class RecordTaskCompletion(MessageBody):
    """Call `participant_task_completed`, once."""

    kind: ClassVar[str] = "record_task_completion"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int


@message_type(formerly="judge")
@immutable()
class ReviewSubmission(MessageBody):
    """Call the experiment's review of a submission: data check, bonus, attention check, recruitment."""

    kind: ClassVar[str] = "review_submission"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int


@message_type()
@immutable()
class FollowUp(MessageBody):
    """Call a hook of the experiment with the decision about a participant, and recruit."""

    kind: ClassVar[str] = "follow_up"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int
    hook: str


@message_type(formerly="qualify")
@immutable()
class GrantQualifications(MessageBody):
    """Grant a worker the qualifications for having taken part, where the recruiter has them."""

    kind: ClassVar[str] = "grant_qualifications"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int


@message_type(formerly="gave_up")
@immutable()
class RecordReturn(MessageBody):
    """Record that a participant could not finish."""

    kind: ClassVar[str] = "record_return"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int


@message_type(formerly="deadline")
@immutable()
class CheckDeadline(MessageBody):
    """Poll the recruiter about a participant whose time is up, and apply the status."""

    kind: ClassVar[str] = "check_deadline"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int


@message_type(formerly="fate")
@immutable()
class PollAssignment(MessageBody):
    """Poll the recruiter about a participant before their time is up."""

    kind: ClassVar[str] = "poll_assignment"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int


@message_type()
@immutable()
class FailRecords(MessageBody):
    """Fail records that were too many for the commit that failed them."""

    kind: ClassVar[str] = "fail_records"
    lane: ClassVar[Lane] = Lane.WORK

    #: The object_type and the id of each record, and the reason.
    failures: tuple[tuple[str, int, str | None], ...]


@message_type()
@immutable()
class EraseContents(MessageBody):
    """Erase what a participant wrote whose ids were erased."""

    kind: ClassVar[str] = "erase_contents"
    lane: ClassVar[Lane] = Lane.WORK

    participant_id: int
