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
from chalicelib.operations.classes.class_records import members_of, store_member
from chalicelib.operations.shared.context import Context
from chalicelib.serializable import copy_json
from chalicelib.study.assignments.grade_computation import total_of
from chalicelib.study.classes.study_class import ClassMember

from .assignment_store import assignments_of, graded_class, settings_of
from .gradebook import graded_members
from .score_messages import post_scores

#: How many members' messages one commit posts.
_PER_COMMIT: Final = 50
#: How the last sending of a member's score ended.
SENT: Final = "sent"
REFUSED: Final = "refused"


@immutable()
class MemberScore:
    """A member's total, as their platform gets it."""

    platform: str
    #: The address for scores.
    line_item: str
    score: Mapping[str, Any]


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
    for item in page.items:
        member = ClassMember.from_item(copy_json(dict(item)))
        if member.is_active and member.line_item:
            ctx.uow.post(SendMemberScore(message.class_number, member.seat))
    if page.after is not None:
        ctx.uow.post(SendClassScores(message.class_number, page.after))


def score_of(ctx: Context, class_number: int, seat: str) -> MemberScore | None:
    """Return the total of a member over the released assignments; None when there is nothing to send.

    Blank isn't zero: a member without any points gets no score.
    """
    item = ctx.uow.item(keys.class_member(class_number, seat))
    member = None if item is None else ClassMember.from_item(copy_json(dict(item)))
    if member is None or not member.is_active or not member.line_item:
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
    return MemberScore(member.lti_platform, member.line_item, score)


def record_score(ctx: Context, class_number: int, seat: str, status: str) -> None:
    """Store how the sending of a member's score ended."""
    item = ctx.uow.item(keys.class_member(class_number, seat))
    if item is not None:
        member = ClassMember.from_item(copy_json(dict(item)))
        member.score_status = status
        store_member(ctx, member)
