"""Creates, lists and changes HITs. A run's HITs are those that are listed under its annotation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from chalicelib.errors import ConfigError, VendorError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.payment.ledger import to_cents
from chalicelib.operations.shared.settings import SettingsLike

from .mturk_errors import TurkRefused
from .request_tokens import request_token, run_annotation, seconds_of_an_hour
from .requester import Requester

#: The lifetime of HITs and of assignments is between half a minute and a year.
_SHORTEST, _LONGEST = timedelta(seconds=30), timedelta(days=365)
#: After this time, Mechanical Turk itself pays workers whose submissions weren't handled.
AUTO_APPROVAL = timedelta(days=3)
#: "If you update it to a time in the past, the HIT will be immediately expired" (UpdateExpirationForHIT).
PAST = datetime(2015, 1, 1, tzinfo=UTC)
_MOST_CHARACTERS = {"title": 128, "description": 2000, "keywords": 1000}
_ENDED = frozenset({"Disposed", "Reviewing"})
EVENTS = (
    "AssignmentAccepted",
    "AssignmentAbandoned",
    "AssignmentReturned",
    "AssignmentSubmitted",
    "HITExpired",
    "HITReviewable",
)
#: The version of Mechanical Turk's notification messages; the first that goes to SNS.
_NOTICE_VERSION = "2014-08-15"


@dataclass(frozen=True, slots=True)
class Hit:
    """One HIT at Mechanical Turk."""

    id: str
    places: int
    status: str = "Assignable"
    expires: datetime = PAST
    created: datetime = PAST
    annotation: str = ""
    group: str = ""
    title: str = ""
    reward: Decimal = Decimal(0)
    pending: int = 0
    available: int = 0
    completed: int = 0

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Hit:
        """Parse a HIT from a response."""
        return cls(
            id=answer["HITId"],
            places=int(answer.get("MaxAssignments", 1)),
            status=answer.get("HITStatus", "Assignable"),
            expires=answer.get("Expiration", PAST),
            created=answer.get("CreationTime", PAST),
            annotation=answer.get("RequesterAnnotation", ""),
            group=answer.get("HITGroupId", ""),
            title=answer.get("Title", ""),
            reward=Decimal(answer.get("Reward", "0")),
            pending=int(answer.get("NumberOfAssignmentsPending", 0)),
            available=int(answer.get("NumberOfAssignmentsAvailable", 0)),
            completed=int(answer.get("NumberOfAssignmentsCompleted", 0)),
        )

    def is_of(self, app_id: str, kind: str = "") -> bool:
        """Whether this run created it, with this kind if one is given."""
        return self.annotation.startswith(run_annotation(app_id) + kind)

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, so that it can't grow any more."""
        return self.status in _ENDED


@dataclass(frozen=True, slots=True)
class HitTemplate:
    """The text of a HIT for workers, its reward and its durations."""

    title: str
    description: str
    keywords: str
    reward: Decimal
    duration: timedelta
    lifetime: timedelta
    auto_approval: timedelta = AUTO_APPROVAL

    @classmethod
    def from_config(cls, config: SettingsLike) -> HitTemplate:
        """Read a template from the settings; ConfigError for values that Mechanical Turk would refuse."""
        settings = RunSettings.read(config)
        offer = cls(
            title=settings.title,
            description=settings.description,
            keywords=settings.keywords,
            reward=to_cents(settings.base_payment, "base_payment"),
            duration=timedelta(hours=settings.duration),
            lifetime=timedelta(hours=settings.lifetime),
        )
        offer.check()
        return offer

    def check(self) -> None:
        """Raise ConfigError for values that Mechanical Turk would refuse."""
        for name, most in _MOST_CHARACTERS.items():
            if len(getattr(self, name)) > most:
                raise ConfigError(
                    f"{name} is longer than Mechanical Turk allows; shorten it to {most} characters."
                )
        for name in ("duration", "lifetime"):
            if not _SHORTEST <= getattr(self, name) <= _LONGEST:
                raise ConfigError(f"{name} must lie between half a minute and a year for Mechanical Turk.")

    def of_run(self, app_id: str) -> HitTemplate:
        """Return the template with an auto-approval delay of the run's own.

        HITs of one type notify one topic, and equal templates have one type: another run with the same
        settings would take over the notifications. No other field of a type can differ without workers seeing
        it.
        """
        apart = timedelta(seconds=seconds_of_an_hour(app_id))
        return replace(self, auto_approval=self.auto_approval + apart)

    def as_type(self) -> dict[str, Any]:
        """Return the parameters of the HIT's type."""
        return {
            "Title": self.title,
            "Description": self.description,
            "Keywords": self.keywords,
            "Reward": f"{self.reward:.2f}",
            "AssignmentDurationInSeconds": int(self.duration.total_seconds()),
            "AutoApprovalDelayInSeconds": int(self.auto_approval.total_seconds()),
        }


class HitClient:
    """The HITs of a requester."""

    def __init__(self, requester: Requester) -> None:
        """`requester`: the connection to Mechanical Turk."""
        self._requester = requester

    def of_run(self, app_id: str, kind: str = "") -> list[Hit]:
        """Return the HITs of a run, oldest first; of one kind only, when one is given."""
        found = [hit for hit in self.all() if hit.is_of(app_id, kind)]
        return sorted(found, key=lambda hit: (hit.created, hit.id))

    def all(self) -> Iterable[Hit]:
        """Yield every HIT of the requester."""
        return (Hit.of(one) for one in self._requester.every("list_hits", "HITs"))

    def get(self, hit_id: str) -> Hit:
        """Return one HIT; TurkRefused when there is none."""
        return Hit.of(self._requester.ask("get_hit", HITId=hit_id)["HIT"])

    def count_submitted(self, hit_id: str) -> int:
        """The number of submitted assignments of a HIT, reviewed or not."""
        return sum(1 for _ in self._requester.every("list_assignments_for_hit", "Assignments", HITId=hit_id))

    def make_type(self, offer: HitTemplate, requirements: list[dict[str, Any]], topic: str | None) -> str:
        """Create the type of HITs, the same for equal templates, and send its events to a topic."""
        response = self._requester.ask(
            "create_hit_type", QualificationRequirements=requirements, **offer.as_type()
        )
        type_id = str(response["HITTypeId"])
        if topic:
            notification = {
                "Destination": topic,
                "Transport": "SNS",
                "Version": _NOTICE_VERSION,
                "EventTypes": list(EVENTS),
            }
            self._requester.ask(
                "update_notification_settings", HITTypeId=type_id, Notification=notification, Active=True
            )
        return type_id

    def make(
        self, type_id: str, question: str, places: int, lifetime: timedelta, token: str, note: str
    ) -> Hit | None:
        """Create a HIT; None when one was already created with this token."""
        try:
            response = self._requester.ask(
                "create_hit_with_hit_type",
                HITTypeId=type_id,
                MaxAssignments=places,
                LifetimeInSeconds=int(lifetime.total_seconds()),
                Question=question,
                RequesterAnnotation=note,
                UniqueRequestToken=request_token(token, "create"),
            )
        except TurkRefused as refused:
            if refused.is_repeat:
                return None
            raise
        return Hit.of(response["HIT"])

    def grow(self, hit_id: str, n: int, token: str) -> None:
        """Add places to a HIT, once for each token, whichever HIT the retry names."""
        try:
            self._requester.ask(
                "create_additional_assignments_for_hit",
                HITId=hit_id,
                NumberOfAdditionalAssignments=n,
                UniqueRequestToken=request_token(token, "grow"),
            )
        except TurkRefused as refused:
            if not refused.is_repeat:
                raise

    def show_until(self, hit_id: str, moment: datetime) -> None:
        """Extend a HIT's expiration to this time."""
        self._requester.ask("update_expiration_for_hit", HITId=hit_id, ExpireAt=moment)

    def expire(self, hits: Iterable[Hit], now: datetime) -> list[str]:
        """Expire HITs, and return the ids of those that weren't expired before.

        All are attempted before the last error is raised.
        """
        ended, trouble = [], None
        for hit in hits:
            if hit.expires <= now:
                continue
            try:
                self.show_until(hit.id, PAST)
            except VendorError as error:
                trouble = error
            else:
                ended.append(hit.id)
        if trouble is not None:
            raise trouble
        return ended
