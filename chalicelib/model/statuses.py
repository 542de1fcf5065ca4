"""Defines the statuses of records, the transitions that are allowed between them, and their groups.

Each set of statuses is a state machine: an enum of the stored words and a table of transitions.
`check_transition` refuses a change that the table doesn't have. Records keep the plain words, so stored data,
exports, API answers and an author's code see strings. Only
data that is loaded from an export bypasses the table.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from chalicelib.errors import RuleBroken


class ParticipantStatus(StrEnum):
    """The status of a participant's work."""

    WORKING = "working"
    OVERRECRUITED = "overrecruited"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    ABANDONED = "abandoned"
    DID_NOT_ATTEND = "did_not_attend"
    BAD_DATA = "bad_data"
    MISSING_NOTIFICATION = "missing_notification"
    REPLACED = "replaced"
    SCREENED_OUT = "screened_out"


class AssignmentStatus(StrEnum):
    """The status of an assignment at its recruiter, in words that all recruiters share."""

    WORKING = "working"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    RETURNED = "returned"
    ABANDONED = "abandoned"


class PaymentStatus(StrEnum):
    """The status of a payment in the ledger."""

    DUE = "due"
    SENDING = "sending"
    PAID = "paid"
    REFUSED = "refused"
    HELD = "held"


class TransmissionStatus(StrEnum):
    """The status of an info that was sent along a vector."""

    PENDING = "pending"
    RECEIVED = "received"


class VisitStatus(StrEnum):
    """The status of a participant's visit: their part in one of a study's later sessions."""

    #: The participant can begin when it opens.
    WAITING = "waiting"
    #: The participant has begun.
    OPEN = "open"
    COMPLETED = "completed"
    SCREENED_OUT = "screened_out"
    #: It was ended early, and is paid.
    STOPPED = "stopped"
    #: The participant withdrew during it, and is paid.
    WITHDRAWN = "withdrawn"
    #: The participant didn't begin before it closed.
    MISSED = "missed"
    #: The participant began and didn't come to its end.
    UNFINISHED = "unfinished"
    #: It won't take place, because the participant has left, or their earlier data were refused.
    CANCELLED = "cancelled"


_Status = TypeVar("_Status", ParticipantStatus, PaymentStatus, TransmissionStatus)
_P = ParticipantStatus

# -- groups of participant statuses -----------------------------------------------------------------

ACTIVE: Final = frozenset({_P.WORKING, _P.OVERRECRUITED, _P.SCREENED_OUT})
"""The participant can still use pages of the experiment: a reload resumes, and the questionnaire is open."""

DISMISSED_WITH_PAY: Final = frozenset({_P.OVERRECRUITED, _P.SCREENED_OUT})
"""The experiment dismissed the participant early, and owes base pay or the screen-out fee."""

SUCCESSFUL: Final = frozenset({_P.SUBMITTED, _P.APPROVED})
"""The submission has arrived and no check has refused it; the participant's nodes keep their place."""

SUBMISSION_RECEIVED: Final = SUCCESSFUL | {_P.REJECTED, _P.BAD_DATA, _P.DID_NOT_ATTEND}
"""The submission has arrived, whatever the checks and the recruiter made of it."""

LOST: Final = frozenset({_P.RETURNED, _P.ABANDONED, _P.REJECTED, _P.MISSING_NOTIFICATION})
"""The assignment ended without a submission that is paid; the experiment may recruit another participant."""

ASSIGNMENT_FREE: Final = (LOST - {_P.REJECTED}) | {_P.REPLACED}
"""The recruiter has, or may have, the assignment back, so another worker can begin with it."""

UNPAID: Final = LOST | {_P.REPLACED}
"""Nothing is owed automatically; the operator can compensate the participant."""

OWED_PAY: Final = frozenset(_P) - UNPAID - {_P.WORKING}
"""The participant's part has ended and pay is owed for it."""

ENDED: Final = (LOST | SUBMISSION_RECEIVED) - {_P.SUBMITTED}
"""Nothing more is expected of the participant, who is counted instead of listed among those at work."""

# -- groups of visit statuses -----------------------------------------------------------------------

EXPECTED_VISITS: Final = frozenset({VisitStatus.WAITING, VisitStatus.OPEN})
"""The visit isn't over: the participant can still begin or finish it."""

PAID_VISITS: Final = frozenset(
    {VisitStatus.COMPLETED, VisitStatus.SCREENED_OUT, VisitStatus.STOPPED, VisitStatus.WITHDRAWN}
)
"""The pay of the session is owed for the visit."""

# -- groups of the other statuses -------------------------------------------------------------------

ASSIGNMENT_SUBMITTED: Final = frozenset({AssignmentStatus.SUBMITTED, AssignmentStatus.APPROVED})
"""The recruiter has the worker's submission."""

ASSIGNMENT_LOST: Final = frozenset(
    {AssignmentStatus.RETURNED, AssignmentStatus.ABANDONED, AssignmentStatus.REJECTED}
)
"""The recruiter says that no submission will be paid."""

PAYMENT_IN_PROGRESS: Final = frozenset({PaymentStatus.DUE, PaymentStatus.SENDING})
"""The platform sends the payment, or tries again, without the operator."""

PAYMENT_STOPPED: Final = frozenset({PaymentStatus.REFUSED, PaymentStatus.HELD})
"""The payment waits until the operator releases it."""

PAYMENT_UNSETTLED: Final = PAYMENT_IN_PROGRESS | PAYMENT_STOPPED
"""The payment has not been made yet."""

# -- transitions ------------------------------------------------------------------------------------

PARTICIPANT_TRANSITIONS: Final[Mapping[ParticipantStatus, frozenset[ParticipantStatus]]] = {
    _P.WORKING: frozenset(
        {*LOST, *DISMISSED_WITH_PAY, _P.SUBMITTED, _P.REPLACED},
    ),
    _P.SUBMITTED: SUBMISSION_RECEIVED - {_P.SUBMITTED},
}
"""A status without an entry is final."""

PAYMENT_TRANSITIONS: Final[Mapping[PaymentStatus, frozenset[PaymentStatus]]] = {
    PaymentStatus.DUE: frozenset({PaymentStatus.SENDING, PaymentStatus.HELD, PaymentStatus.PAID}),
    PaymentStatus.SENDING: frozenset({PaymentStatus.PAID, PaymentStatus.REFUSED}),
    PaymentStatus.REFUSED: frozenset({PaymentStatus.DUE, PaymentStatus.PAID}),
    PaymentStatus.HELD: frozenset({PaymentStatus.DUE, PaymentStatus.PAID}),
}
"""A payment that isn't being sent becomes paid when the operator finds it in the recruiter's books."""

TRANSMISSION_TRANSITIONS: Final[Mapping[TransmissionStatus, frozenset[TransmissionStatus]]] = {
    TransmissionStatus.PENDING: frozenset({TransmissionStatus.RECEIVED}),
}
"""A transmission is received once."""

Table = Mapping[_Status, frozenset[_Status]]
_NAMES: Final[Mapping[type[StrEnum], str]] = {
    ParticipantStatus: "participant",
    PaymentStatus: "payment",
    TransmissionStatus: "transmission",
}


def check_transition(table: Table[_Status], current: str, to: _Status) -> str:
    """Return the word to store for a new status. A record may always keep the status that it has.

    Raises:
        RuleBroken: The table doesn't allow the change.

    """
    allowed = _following(table, current)
    if to != current and to not in allowed:
        raise _not_allowed(type(to), current, to, allowed)
    return to.value


def require_reachable(table: Table[_Status], current: str, to: str) -> None:
    """Check a status that an author's code has set, which may be several transitions further.

    Raises:
        RuleBroken: No transitions of the table lead from one status to the other.

    """
    if to == current:
        return
    reachable: set[_Status] = set()
    found = set(_following(table, current))
    while found:
        reachable |= found
        found = {after for status in found for after in _following(table, status)} - reachable
    if to not in reachable:
        raise _not_allowed(type(next(iter(table))), current, to, reachable)


def _following(table: Table[_Status], current: str) -> frozenset[_Status]:
    return next((allowed for status, allowed in table.items() if status == current), frozenset())


def _not_allowed(kind: type[StrEnum], current: str, to: str, allowed: Collection[str]) -> RuleBroken:
    if to not in set(kind):
        reason = f"{to!r} is not a valid status; use one of {', '.join(kind)}."
    elif allowed:
        reason = f"it can become {', '.join(sorted(allowed))}."
    else:
        reason = f"{current} is final."
    return RuleBroken(f"The status of a {_NAMES[kind]} can't change from {current} to {to}: {reason}")
