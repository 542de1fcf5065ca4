"""Sends the released grades of members to the learning platform that opened the study for them.

Source: 1EdTech Assignment and Grade Services 2.0, section 3.4 (score service): a platform keeps the score
with the newest timestamp, so a repeat changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.immutable import immutable
from chalicelib.messages import SendClassScores, SendMemberScore
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.operations.classes.class_records import members_of, store_member
from chalicelib.operations.shared.context import Context
from chalicelib.serializable import copy_json
from chalicelib.study.assignments.grade_computation import total_of
from chalicelib.study.classes.study_class import ClassMember, ScoreStatus

from .assignment_fields import MAX_REASON
from .assignment_store import assignments_of, graded_class, settings_of
from .gradebook import graded_members
from .score_messages import post_scores

#: How many members' messages one commit posts, and marks as waiting: DynamoDB writes 100 items in one.
_PER_COMMIT: Final = 40


@immutable()
class MemberScore:
    """A member's total, as their platform gets it."""

    platform: str
    #: The address for scores.
    line_item: str
    score: Mapping[str, Any]
    #: When it was computed: an earlier score never replaces what is recorded of a later one.
    at: str

    @property
    def mark(self) -> str:
        """What tells this score from another one of the same member."""
        return f"{self.score['scoreGiven']}/{self.score['scoreMaximum']} {self.line_item}"


def send_scores(ctx: Context, class_number: int) -> int:
    """Send the released grades of a class after this commit; return to how many members' platforms."""
    graded_class(ctx, class_number)
    found = sum(1 for one in members_of(ctx, class_number) if one.is_active and one.line_item)
    if found:
        post_scores(ctx, class_number)
    return found


def post_member_scores(ctx: Context, message: SendClassScores) -> None:
    """Post a message for each member of a class who came from a platform; some in each commit."""
    after = message.after or None
    page = ctx.uow.page(keys.class_members(message.class_number), after=after, limit=_PER_COMMIT)
    seats = [str(item["seat"]) for item in page.items if item.get("line_item")]
    ctx.uow.prefetch(more=[keys.class_member(message.class_number, seat) for seat in seats])
    for seat in seats:
        member = _member(ctx, message.class_number, seat)
        if member is not None:
            member.score_status, member.score_at = ScoreStatus.WAITING.value, iso(ctx.now)
            member.score_reason = ""
            store_member(ctx, member)
            ctx.uow.post(SendMemberScore(message.class_number, member.seat))
    if page.after is not None:
        ctx.uow.post(SendClassScores(message.class_number, page.after))


def _member(ctx: Context, class_number: int, seat: str) -> ClassMember | None:
    """Return a member whose platform takes scores; None for any other."""
    item = ctx.uow.item(keys.class_member(class_number, seat))
    member = None if item is None else ClassMember.from_item(copy_json(dict(item)))
    return member if member is not None and member.is_active and member.line_item else None


def score_of(ctx: Context, class_number: int, seat: str) -> MemberScore | None:
    """Return the total of a member over the released assignments; None when there is nothing to send.

    Blank isn't zero: a member without any points gets no score. A score that the platform has isn't sent
    again, so what a teacher has changed there stays.
    """
    member = _member(ctx, class_number, seat)
    if member is None:
        return None
    released = [one for one in assignments_of(ctx, class_number) if one.released_at is not None]
    [graded] = graded_members(ctx, class_number, released, [member])
    points, possible = total_of(graded.grades, settings_of(ctx, class_number).total)
    if points is None or possible <= 0:
        return None
    score = {
        "userId": member.lti_subject,
        "scoreGiven": float(points),
        "scoreMaximum": float(possible),
        "activityProgress": "Submitted",
        "gradingProgress": "FullyGraded",
        "timestamp": ctx.now.isoformat(timespec="milliseconds"),
    }
    found = MemberScore(member.lti_platform, member.line_item, score, str(iso(ctx.now)))
    return None if found.mark == member.score_sent else found


def record_score(
    ctx: Context, class_number: int, seat: str, score: MemberScore, status: ScoreStatus, reason: str = ""
) -> None:
    """Store how the sending of a member's score ended; nothing once a later score is recorded.

    `reason`: why it was refused, or still waits.
    """
    member = _member(ctx, class_number, seat)
    if member is None or (member.score_status == ScoreStatus.SENT and (member.score_at or "") > score.at):
        return
    member.score_status, member.score_at, member.score_reason = status.value, score.at, reason[:MAX_REASON]
    if status == ScoreStatus.SENT:
        member.score_sent = score.mark
    store_member(ctx, member)


def record_no_score(ctx: Context, class_number: int, seat: str) -> None:
    """Store that a member's score doesn't wait any more: the platform has it, or there are no points."""
    member = _member(ctx, class_number, seat)
    if member is not None and member.score_status == ScoreStatus.WAITING:
        member.score_status = ScoreStatus.SENT.value if member.score_sent else ScoreStatus.NONE.value
        member.score_reason = ""
        store_member(ctx, member)
