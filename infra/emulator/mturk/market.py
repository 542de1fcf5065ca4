"""The marketplace: the workers' actions, the effects of time, and payments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .post import EventDelivery
from .things import (
    Assignment,
    AssignmentState,
    Books,
    EmulatedHit,
    HandClock,
    HitType,
    QualificationType,
    TurkError,
    TurkPayment,
    identifiers,
)

CENT = Decimal("0.01")
TOKENS_LIVE = timedelta(hours=24)
MANY = 10
LOCALE = "00000000000000000071"
PERCENT_APPROVED = "000000000000000000L0"


class Market:
    """Mechanical Turk's state."""

    def __init__(self, clock: HandClock, balance: Decimal = Decimal("1000.00")) -> None:
        self.clock = clock
        self.post = EventDelivery(clock)
        self.balance = balance
        self.types: dict[str, HitType] = {}
        self.hits: dict[str, EmulatedHit] = {}
        self.assignments: dict[str, Assignment] = {}
        self.qualifications: dict[str, QualificationType] = {}
        self.workers: dict[str, dict[str, Any]] = {}
        self.paid: list[TurkPayment] = []
        #: Mails to workers: worker and subject.
        self.mails: list[tuple[str, str]] = []
        #: Workers who can't be notified at the moment, or at all: SoftFailure or HardFailure.
        self.unreachable: dict[str, str] = {}
        #: The error message for a repeated token, which isn't documented.
        self.repeated = "has already been processed"
        #: Ids of assignments that were just accepted and aren't in responses yet.
        self.not_known_yet: set[str] = set()
        self._tokens: dict[tuple[str, str], Any] = {}
        self._ids = {letter: identifiers(letter) for letter in "3TGQ"}

    def new_id(self, letter: str) -> str:
        return next(self._ids[letter])

    # -- tokens ---------------------------------------------------------------------------------

    def has_seen(self, operation: str, token: str | None) -> bool:
        """Whether this operation had the token in the last 24 hours; `remember` records it."""
        at = self._tokens.get((operation, token or ""))
        return at is not None and self.clock.now() < at + TOKENS_LIVE

    def remember(self, operation: str, token: str | None) -> None:
        if token:
            self._tokens[operation, token] = self.clock.now()

    # -- workers --------------------------------------------------------------------------------

    def accept(self, worker: str, hit_id: str, reused: str | None = None) -> str:
        """Let a worker accept a HIT; return the assignment's id.

        `reused`: the id of a returned assignment, since Mechanical Turk reuses ids.
        """
        hit = self.hits[hit_id]
        now = self.clock.now()
        if not hit.available(now):
            raise TurkError("InvalidHITState", f"HIT {hit_id} can't be accepted")
        if not self.may_see(worker, hit):
            raise TurkError("PermissionDenied", f"{worker} doesn't qualify for HIT {hit_id}")
        if any(one.worker == worker and one.takes_a_place for one in hit.assignments):
            raise TurkError("ExceedsMaxAssignmentsPerWorker", f"{worker} has accepted HIT {hit_id} before")
        deadline = now + timedelta(seconds=hit.type.fields["AssignmentDurationInSeconds"])
        assignment = Assignment(reused or self.new_id("3"), hit, worker, now, deadline)
        hit.assignments = [one for one in hit.assignments if one.id != assignment.id]
        hit.assignments.append(assignment)
        self.assignments[assignment.id] = assignment
        self.publish("AssignmentAccepted", hit, assignment)
        return assignment.id

    def submit(self, assignment_id: str) -> None:
        assignment = self._accepted(assignment_id)
        assignment.state = AssignmentState.SUBMITTED
        assignment.submitted = self.clock.now()
        self.publish("AssignmentSubmitted", assignment.hit, assignment)
        self.settle()

    def give_back(self, assignment_id: str) -> None:
        """Let a worker return an assignment."""
        self._end(self._accepted(assignment_id), AssignmentState.RETURNED)

    def abandon(self, assignment_id: str) -> None:
        """Let an assignment run out of time."""
        self._end(self._accepted(assignment_id), AssignmentState.ABANDONED)

    def _accepted(self, assignment_id: str) -> Assignment:
        assignment = self.assignments[assignment_id]
        if assignment.state is not AssignmentState.ACCEPTED:
            raise TurkError("InvalidAssignmentState", f"{assignment_id} is {assignment.state}")
        return assignment

    def _end(self, assignment: Assignment, state: AssignmentState) -> None:
        assignment.state = state
        self.publish(f"Assignment{state.capitalize()}", assignment.hit, assignment)
        self.settle()

    def visible_to(self, worker: str) -> list[str]:
        """Return the ids of the HITs that a worker can find and accept."""
        now = self.clock.now()
        return [hit.id for hit in self.hits.values() if hit.available(now) and self.may_see(worker, hit)]

    def may_see(self, worker: str, hit: EmulatedHit) -> bool:
        return all(self._meets(worker, one) for one in hit.type.fields.get("QualificationRequirements", ()))

    def _meets(self, worker: str, requirement: dict[str, Any]) -> bool:
        profile = {"country": "US", "percent_approved": 100, **self.workers.get(worker, {})}
        kind, comparator = requirement["QualificationTypeId"], str(requirement["Comparator"])
        if kind == LOCALE:
            is_in = profile["country"] in [one["Country"] for one in requirement["LocaleValues"]]
            return is_in == (comparator in ("EqualTo", "In"))
        if kind == PERCENT_APPROVED:
            return bool(profile["percent_approved"] >= requirement["IntegerValues"][0])
        score = self.qualifications[kind].scores.get(worker)
        if comparator in ("Exists", "DoesNotExist"):
            return (score is not None) == (comparator == "Exists")
        required = requirement["IntegerValues"][0]
        compared: dict[str, bool] = {
            "EqualTo": score == required,
            "NotEqualTo": score != required,
            "GreaterThanOrEqualTo": score is not None and score >= required,
            "LessThan": score is not None and score < required,
        }
        return compared[comparator]

    # -- time -----------------------------------------------------------------------------------

    def pass_time(self, **by: float) -> None:
        """Advance the time (`hours=3`): assignments time out, HITs expire, submissions are approved."""
        self.clock.advance(timedelta(**by))
        now = self.clock.now()
        for assignment in list(self.assignments.values()):
            if assignment.state is AssignmentState.ACCEPTED and now >= assignment.deadline:
                self._end(assignment, AssignmentState.ABANDONED)
        self.settle()

    def settle(self) -> None:
        """Carry out automatic effects, such as approvals and expiries."""
        now = self.clock.now()
        for assignment in self.assignments.values():
            due = assignment.auto_approval
            if assignment.state is AssignmentState.SUBMITTED and due is not None and now >= due:
                self.approve(assignment)
        for hit in self.hits.values():
            self._publish_state_of(hit)

    def _publish_state_of(self, hit: EmulatedHit) -> None:
        now = self.clock.now()
        if now >= hit.expires and not hit.expiry_notified:
            hit.expiry_notified = True
            self.publish("HITExpired", hit)
        is_reviewable = hit.status(now) == "Reviewable"
        if is_reviewable and not hit.review_notified:
            self.publish("HITReviewable", hit)
        hit.review_notified = is_reviewable

    def publish(self, event_type: str, hit: EmulatedHit, assignment: Assignment | None = None) -> None:
        notification = hit.type.notification
        if not hit.type.reports or notification is None or event_type not in notification["EventTypes"]:
            return
        event = {
            "EventType": event_type,
            "EventTimestamp": self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "HITTypeId": hit.type.id,
            "HITId": hit.id,
        }
        if assignment is not None:
            event["AssignmentId"] = assignment.id
        self.post.report(notification["Destination"], event)

    # -- money ----------------------------------------------------------------------------------

    def approve(self, assignment: Assignment) -> None:
        hit = assignment.hit
        now = self.clock.now()
        self.pay(TurkPayment("reward", assignment.worker, assignment.id, hit.reward, self.fee(hit), now))
        assignment.state = AssignmentState.APPROVED
        assignment.approved = now
        self.publish("AssignmentApproved", hit, assignment)

    def fee(self, hit: EmulatedHit, places: int | None = None) -> Decimal:
        rate = Decimal("0.4") if (places or hit.places) >= MANY else Decimal("0.2")
        return self.fee_of(hit.reward, rate)

    def fee_of(self, amount: Decimal, rate: Decimal = Decimal("0.2")) -> Decimal:
        return max(CENT, (amount * rate).quantize(CENT, ROUND_HALF_UP)) if amount else Decimal(0)

    def pay(self, paid: TurkPayment) -> None:
        self.check_funds(paid.amount + paid.fee)
        self.balance -= paid.amount + paid.fee
        self.paid.append(paid)

    def check_funds(self, amount: Decimal) -> None:
        if amount > self.balance:
            raise TurkError(
                "InsufficientFunds",
                "This Requester has insufficient funds in their account to complete this transaction.",
            )

    def books(self) -> Books:
        return Books(tuple(self.paid), self.balance)

    def open_hits(self) -> Iterator[EmulatedHit]:
        now = self.clock.now()
        return (hit for hit in self.hits.values() if hit.available(now))
