"""/api/v1/participants: one participant, and what people decide about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import ID_TEXT, One
from chalicelib.operations.management import hand_bonuses
from chalicelib.operations.management import participant_actions as actions
from chalicelib.operations.management.managed_payments import PaymentDetail
from chalicelib.operations.management.participant_actions import ParticipantDetail
from chalicelib.operations.management.run_state.managed_sessions import OpenedSession, open_next_session
from chalicelib.operations.shared.context import Context

RESOURCE: Final = "participants"
_REASON: Final = {"min": 1, "max": 500}


@dataclass(frozen=True, slots=True)
class WithReason:
    """A participant, and why."""

    id: str = field(metadata=ID_TEXT)
    reason: str = field(metadata={**_REASON, "help": "Stored with the decision."})


@dataclass(frozen=True, slots=True)
class WithMinutes:
    """A participant, and how much time."""

    id: str = field(metadata=ID_TEXT)
    minutes: int = field(metadata={"min": 1, "max": 1_440})


@dataclass(frozen=True, slots=True)
class ReleaseOfOne:
    """A participant, and whether only one who waits is meant."""

    id: str = field(metadata=ID_TEXT)
    only_if_waiting: bool = field(
        default=False, metadata={"help": "Refuse a participant who doesn't wait for others any more."}
    )


@dataclass(frozen=True, slots=True)
class WithAmount:
    """A participant, a sum, and why."""

    id: str = field(metadata=ID_TEXT)
    amount: Decimal = field(metadata={"help": 'US dollars, such as "1.50".'})
    reason: str = field(metadata={**_REASON, "help": "The participant sees it."})


def _verb(
    verb: str,
    right: Right,
    parameters: Any,
    run: Callable[[Context, Any], Any],
    summary: str,
    answer: Any,
    changed_by_petri: frozenset[str] = frozenset(),
) -> AnyOperation:
    return ApiOperation(
        name=f"{RESOURCE}.{verb}",
        method="POST",
        resource=RESOURCE,
        shape=Shape.VERB,
        verb=verb,
        right=right,
        parameters=parameters,
        answer=answer,
        run=run,
        summary=summary,
        changed_by_petri=changed_by_petri,
    )


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="participants.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=ParticipantDetail,
        run=lambda ctx, one: actions.read_participant(ctx, one.id),
        summary="Returns a participant.",
    ),
    _verb(
        "approve",
        Right.EDIT_PARTICIPANTS,
        One,
        lambda ctx, one: actions.approve_participant(ctx, one.id),
        "Approves a submission that no check has decided yet.",
        ParticipantDetail,
    ),
    _verb(
        "reject",
        Right.EDIT_PARTICIPANTS,
        WithReason,
        lambda ctx, one: actions.reject_participant(ctx, one.id, one.reason),
        "Rejects a submission whose base pay hasn't been sent, and holds that pay.",
        ParticipantDetail,
    ),
    _verb(
        "fail",
        Right.EDIT_PARTICIPANTS,
        WithReason,
        lambda ctx, one: actions.fail_participant_by_hand(ctx, one.id, one.reason),
        "Marks a participant's record, nodes and answers as failed; pay stays as it is.",
        ParticipantDetail,
    ),
    _verb(
        "release",
        Right.PAY,
        ReleaseOfOne,
        lambda ctx, one: actions.release_with_pay(ctx, one.id, only_if_waiting=one.only_if_waiting),
        "Ends the part of a working participant now, with base pay.",
        ParticipantDetail,
    ),
    _verb(
        "extra-time",
        Right.EDIT_PARTICIPANTS,
        WithMinutes,
        lambda ctx, one: actions.extend_time(ctx, one.id, one.minutes),
        "Gives a working participant extra time, on their page too if it has a time limit.",
        ParticipantDetail,
    ),
    _verb(
        "erase",
        Right.EDIT_PARTICIPANTS,
        One,
        lambda ctx, one: actions.erase_data(ctx, one.id),
        "Erases a participant's ids and all that they wrote; also requires View personal data.",
        ParticipantDetail,
        # The ids in the texts of paid payments are erased too.
        changed_by_petri=frozenset({"payment"}),
    ),
    _verb(
        "bonus",
        Right.PAY,
        WithAmount,
        lambda ctx, one: hand_bonuses.give_bonus(ctx, one.id, one.amount, one.reason),
        "Gives a participant a bonus by hand, and sends it once; they can have several.",
        PaymentDetail,
    ),
    _verb(
        "compensate",
        Right.PAY,
        WithAmount,
        lambda ctx, one: hand_bonuses.compensate_participant(ctx, one.id, one.amount, one.reason),
        "Compensates a participant, once.",
        PaymentDetail,
    ),
    _verb(
        "open-session",
        Right.EDIT_PARTICIPANTS,
        One,
        lambda ctx, one: open_next_session(ctx, one.id),
        "Opens a participant's next session now, and reminds them.",
        OpenedSession,
    ),
)
