"""The state of the fake: studies, submissions, bonuses, money and webhooks, with their rules.

The rules are those of docs.prolific.com; where it is silent, the stricter rule applies.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

TOKEN = "token-of-the-researcher"
WORKSPACE = "ws-1"
FEE = Decimal("0.3333")
#: The fields of a published study that can change.
CHANGEABLE = {"internal_name", "total_available_places"}
NEEDED = (
    "name",
    "description",
    "external_study_url",
    "prolific_id_option",
    "completion_codes",
    "total_available_places",
    "estimated_completion_time",
    "reward",
)
#: Submissions in these states don't hold a place.
PLACELESS = ("RETURNED", "TIMED-OUT", "REJECTED", "SCREENED OUT")


SUBMISSION_STATUSES = (
    "ACTIVE",
    "APPROVED",
    "AWAITING REVIEW",
    "REJECTED",
    "RESERVED",
    "RETURNED",
    "TIMED-OUT",
    "PARTIALLY APPROVED",
    "SCREENED OUT",
)


class Refusal(Exception):
    """An error response."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass
class Paid:
    """One payment in the account's records."""

    kind: str
    submission_id: str
    worker_id: str
    cents: int
    at: datetime


@dataclass
class World:
    """Prolific's state. `now` returns its time."""

    now: Callable[[], datetime]
    currency: str = "USD"
    balance: int = 1_000_000
    #: The time until a submission shows a paid bonus.
    settles: timedelta = timedelta(0)
    studies: dict[str, dict[str, Any]] = field(default_factory=dict)
    submissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    set_up: dict[str, dict[str, Any]] = field(default_factory=dict)
    paid: list[Paid] = field(default_factory=list)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Messages to participants: the recipient and the text.
    messages: list[tuple[str, str]] = field(default_factory=list)
    secrets: list[dict[str, str]] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Spells a status in responses and webhooks.
    spell: Callable[[str], str] = str
    #: Called with a submission whenever its status changes.
    on_change: Callable[[dict[str, Any]], None] = lambda _: None

    def __post_init__(self) -> None:
        self._numbers = itertools.count(1)

    def new_id(self, kind: str) -> str:
        return f"{kind}{next(self._numbers):08x}"

    def move(self, kind: str, submission: dict[str, Any], cents: int) -> None:
        """Pay a participant; the fee is added."""
        cost = cents + int(cents * FEE)
        if cost > self.balance:
            raise Refusal(400, "Your balance is not enough for this payment.")
        self.balance -= cost
        self.paid.append(Paid(kind, submission["id"], submission["participant_id"], cents, self.now()))

    def shown_bonuses(self, submission_id: str) -> list[float]:
        """Return the bonuses that a submission shows now, in cents."""
        settled_before = self.now() - self.settles
        return [
            float(p.cents)
            for p in self.paid
            if p.kind == "bonus" and p.submission_id == submission_id and p.at <= settled_before
        ]

    def set_status(self, submission: dict[str, Any], status: str) -> None:
        if submission["status"] != status:
            submission["status"] = status
            self.on_change(submission)

    # -- studies

    def create_study(self, body: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in NEEDED if body.get(name) in (None, "", [])]
        if missing:
            raise Refusal(400, f"Missing: {', '.join(missing)}.")
        codes = [code["code"] for code in body["completion_codes"]]
        if len(set(codes)) < len(codes):
            raise Refusal(400, "Each code must be unique within a study.")
        for code in body["completion_codes"]:
            self._check_code(code, body["reward"])
        if body["reward"] * 60 < 800 * body["estimated_completion_time"]:
            raise Refusal(400, "The reward is below the minimum per hour.")
        study = {
            **body,
            "id": self.new_id("study"),
            "status": "UNPUBLISHED",
            "presentment_currency_code": self.currency,
        }
        self.studies[study["id"]] = study
        return study

    @staticmethod
    def _check_code(code: dict[str, Any], reward: int) -> None:
        for action in code["actions"]:
            if action["action"] == "FIXED_SCREEN_OUT_PAYMENT" and not (
                14 <= action["fixed_screen_out_reward"] < reward and action["slots"] >= 1
            ):
                raise Refusal(400, "The screen out reward must be at least 14 and below the study's.")

    def study(self, study_id: str) -> dict[str, Any]:
        if study_id not in self.studies:
            raise Refusal(404, "No study matches the given query.")
        study = self.studies[study_id]
        return {**study, "places_taken": self.taken(study_id)}

    def taken(self, study_id: str) -> int:
        return sum(
            s["study_id"] == study_id and s["status"] not in PLACELESS for s in self.submissions.values()
        )

    def count_submissions(self, study_id: str) -> dict[str, int]:
        """Count a study's submissions by status; every status is there, and their total."""
        self.study(study_id)
        statuses = [s["status"] for s in self.submissions.values() if s["study_id"] == study_id]
        return {**{name: statuses.count(name) for name in SUBMISSION_STATUSES}, "TOTAL": len(statuses)}

    def shown_balance(self, workspace: str) -> dict[str, Any]:
        """Return the workspace's money in cents; places of open studies are paid for beforehand."""
        if workspace != WORKSPACE:
            raise Refusal(404, "No workspace matches the given query.")
        bound = sum(
            (study["total_available_places"] - self.taken(key)) * int(study["reward"] * (1 + FEE))
            for key, study in self.studies.items()
            if study["status"] == "ACTIVE"
        )
        return {
            "currency_code": self.currency,
            "total_balance": self.balance,
            "available_balance": self.balance - bound,
        }

    def update_study(self, study_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        study = self.studies[self.study(study_id)["id"]]
        if study["status"] != "UNPUBLISHED" and not changes.keys() <= CHANGEABLE:
            raise Refusal(400, "Only internal_name and total_available_places can change after publishing.")
        if changes.get("total_available_places", 10**9) < study["total_available_places"]:
            raise Refusal(400, "total_available_places can't be decreased.")
        study.update(changes)
        if study["status"] in ("AWAITING REVIEW", "COMPLETED"):
            study["status"] = "ACTIVE"
        return self.study(study_id)

    def transition_study(self, study_id: str, action: str) -> dict[str, Any]:
        study = self.studies[self.study(study_id)["id"]]
        allowed = {
            "PUBLISH": (("UNPUBLISHED",), "ACTIVE"),
            "PAUSE": (("ACTIVE",), "PAUSED"),
            "START": (("PAUSED",), "ACTIVE"),
            "STOP": (("ACTIVE", "PAUSED"), "AWAITING REVIEW"),
        }
        if action not in allowed or study["status"] not in allowed[action][0]:
            raise Refusal(400, f"{action} isn't possible for a study that is {study['status']}.")
        study["status"] = allowed[action][1]
        return self.study(study_id)

    # -- submissions

    def submission(self, submission_id: str) -> dict[str, Any]:
        if submission_id not in self.submissions:
            raise Refusal(404, "No submission matches the given query.")
        return self.submissions[submission_id]

    def shown(self, submission_id: str) -> dict[str, Any]:
        submission = self.submission(submission_id)
        return {
            **submission,
            "participant": submission["participant_id"],
            "bonus_payments": self.shown_bonuses(submission_id),
        }

    def transition_submission(self, submission_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Approve (a repetition is ignored) or complete with one of the researcher's codes."""
        submission = self.submission(submission_id)
        if body.get("action") == "APPROVE":
            self._approve(submission)
        elif body.get("action") == "COMPLETE":
            self._complete(submission, str(body.get("completion_code")))
        else:
            raise Refusal(400, "Unknown action.")
        return self.shown(submission_id)

    def _approve(self, submission: dict[str, Any]) -> None:
        if submission["status"] == "APPROVED":
            return
        if submission["status"] != "AWAITING REVIEW":
            raise Refusal(400, f"A submission that is {submission['status']} can't be approved.")
        self.move("base", submission, self.studies[submission["study_id"]]["reward"])
        self.set_status(submission, "APPROVED")

    def _complete(self, submission: dict[str, Any], code: str) -> None:
        declared = {c["code"]: c for c in self.studies[submission["study_id"]]["completion_codes"]}.get(code)
        if declared is None or declared["actor"] != "researcher":
            raise Refusal(400, "The completion code isn't one of the researcher's for this study.")
        if submission["status"] not in ("ACTIVE", "RESERVED"):
            raise Refusal(400, f"A submission that is {submission['status']} can't be completed.")
        submission["entered_code"] = code
        for action in declared["actions"]:
            if action["action"] == "FIXED_SCREEN_OUT_PAYMENT":
                self.move("screen-out", submission, action["fixed_screen_out_reward"])
                self.set_status(submission, "SCREENED OUT")
                return
        self.set_status(submission, "AWAITING REVIEW")

    # -- bonuses

    def set_up_bonus(self, body: dict[str, Any]) -> dict[str, Any]:
        lines = [line.split(",") for line in body["csv_bonuses"].strip().split("\n")]
        strangers = [
            submission_id
            for submission_id, _ in lines
            if self._of_study(submission_id, body["study_id"]) is None
        ]
        if strangers:
            raise Refusal(400, f"These ids have not taken part in the study: {', '.join(strangers)}.")
        amounts = [int(Decimal(amount) * 100) for _, amount in lines]
        bonus = {"id": self.new_id("bulk"), "study": body["study_id"], "lines": lines, "cents": amounts}
        self.set_up[bonus["id"]] = bonus
        total = sum(amounts)
        return {"id": bonus["id"], "amount": total, "fees": int(total * FEE), "study": body["study_id"]}

    def _of_study(self, submission_id: str, study_id: str) -> dict[str, Any] | None:
        submission = self.submissions.get(submission_id)
        return submission if submission is not None and submission["study_id"] == study_id else None

    def pay_bonus(self, bonus_id: str) -> None:
        """Pay a bonus that was set up; a repeated call pays again."""
        if bonus_id not in self.set_up:
            raise Refusal(404, "No bulk bonus payment matches the given query.")
        bonus = self.set_up[bonus_id]
        for (submission_id, _), cents in zip(bonus["lines"], bonus["cents"], strict=True):
            self.move("bonus", self.submissions[submission_id], cents)
