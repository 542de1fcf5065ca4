"""Implements Mechanical Turk's operations with their documented rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from .answers import assignment_response, hit_response, qualification_response
from .market import MANY, Market
from .things import (
    COMPLETED,
    Assignment,
    AssignmentState,
    EmulatedHit,
    HitType,
    QualificationType,
    TurkError,
    TurkPayment,
)

Parameters = dict[str, Any]
_MOST_BONUS = Decimal(10_000)
_MOST_NOTIFIED = 100
_DEFAULT_AUTO_APPROVAL = 2_592_000
_VERSIONS = ("2006-05-05", "2014-08-15")
_COMMON = ("Title", "Description", "Reward", "AssignmentDurationInSeconds")


class Operations:
    """One method for each operation that Petri uses, named as in AWS's client."""

    def __init__(self, market: Market) -> None:
        self.market = market
        #: The page size, which is small so that clients have to paginate.
        self.page = 100

    @property
    def now(self) -> datetime:
        return self.market.clock.now()

    # -- HITs -----------------------------------------------------------------------------------

    def create_hit_type(self, parameters: Parameters) -> Parameters:
        return {"HITTypeId": self._type(parameters).id}

    def _type(self, parameters: Parameters) -> HitType:
        fields: Parameters = {
            "AutoApprovalDelayInSeconds": _DEFAULT_AUTO_APPROVAL,
            "QualificationRequirements": [],
        }
        fields |= {name: parameters[name] for name in (*_COMMON, *fields, "Keywords") if name in parameters}
        for one in fields["QualificationRequirements"]:
            self._check_requirement(one)
        same = next((kind for kind in self.market.types.values() if kind.fields == fields), None)
        kind = same or HitType(self.market.new_id("T"), fields)
        self.market.types[kind.id] = kind
        return kind

    def _check_requirement(self, requirement: Parameters) -> None:
        kind = requirement["QualificationTypeId"]
        if not kind.startswith("0000") and kind not in self.market.qualifications:
            raise TurkError("QualificationTypeDoesNotExist", f"QualificationType {kind} does not exist.")
        if "RequiredToPreview" in requirement and "ActionsGuarded" in requirement:
            raise TurkError("ParameterValidation", "RequiredToPreview and ActionsGuarded exclude each other.")
        values = "IntegerValues" in requirement or "LocaleValues" in requirement
        if values == (requirement["Comparator"] in ("Exists", "DoesNotExist")):
            raise TurkError("ParameterValidation", "Values don't go with this comparator.")

    def update_notification_settings(self, parameters: Parameters) -> Parameters:
        kind = self.market.types[parameters["HITTypeId"]]
        notification = parameters.get("Notification")
        if notification is not None and notification["Version"] not in _VERSIONS:
            raise TurkError("ParameterValidation", "The notification's version is unknown.")
        if notification is not None and "Ping" in notification["EventTypes"]:
            raise TurkError("ParameterValidation", "Ping is for SendTestEventNotification only.")
        kind.notification = notification or kind.notification
        kind.reports = parameters.get("Active", True)
        return {}

    def send_test_event_notification(self, parameters: Parameters) -> Parameters:
        at = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {"EventType": parameters["TestEventType"], "EventTimestamp": at}
        self.market.post.report(parameters["Notification"]["Destination"], event)
        return {}

    def create_hit(self, parameters: Parameters) -> Parameters:
        return self._new_hit("CreateHIT", parameters, self._type(parameters))

    def create_hit_with_hit_type(self, parameters: Parameters) -> Parameters:
        kind = self.market.types.get(parameters["HITTypeId"])
        if kind is None:
            raise TurkError("HITTypeDoesNotExist", f"HITType {parameters['HITTypeId']} does not exist.")
        return self._new_hit("CreateHIT", parameters, kind)

    def _new_hit(self, operation: str, parameters: Parameters, kind: HitType) -> Parameters:
        token = parameters.get("UniqueRequestToken")
        if self.market.has_seen(operation, token):
            raise TurkError("HitAlreadyExists", f"The HIT already exists for token {token}.")
        if "Question" not in parameters:
            raise TurkError("ParameterValidation", "Either Question or HITLayoutId must be given.")
        places = parameters.get("MaxAssignments", 1)
        hit = EmulatedHit(
            id=self.market.new_id("3"),
            type=kind,
            group=f"G{kind.id}",
            created=self.now,
            expires=self.now + timedelta(seconds=parameters["LifetimeInSeconds"]),
            places=places,
            initial_places=places,
            question=parameters["Question"],
            annotation=parameters.get("RequesterAnnotation", ""),
        )
        self.market.check_funds((hit.reward + self.market.fee(hit)) * places)
        self.market.hits[hit.id] = hit
        self.market.remember(operation, token)
        self.market.publish("HITCreated", hit)
        return {"HIT": hit_response(hit, self.now)}

    def create_additional_assignments_for_hit(self, parameters: Parameters) -> Parameters:
        token, added = parameters.get("UniqueRequestToken"), parameters["NumberOfAdditionalAssignments"]
        if self.market.has_seen("Extend", token):
            raise TurkError("DuplicateRequest", f"Request {token} {self.market.repeated}.")
        hit = self._hit(parameters["HITId"])
        if hit.initial_places < MANY <= hit.places + added:
            raise TurkError(
                "InvalidMaximumAssignmentsIncrease",
                "HITs created with fewer than 10 assignments cannot be extended to have 10 or more.",
            )
        self.market.check_funds((hit.reward + self.market.fee(hit)) * added)
        hit.places += added
        self.market.remember("Extend", token)
        self.market.publish("HITExtended", hit)
        self.market.settle()
        return {}

    def update_expiration_for_hit(self, parameters: Parameters) -> Parameters:
        hit = self._hit(parameters["HITId"])
        hit.expires = min(datetime.fromtimestamp(parameters["ExpireAt"], UTC), self.now + timedelta(days=365))
        hit.expiry_notified = hit.expiry_notified and hit.expires <= self.now
        self.market.settle()
        return {}

    def get_hit(self, parameters: Parameters) -> Parameters:
        return {"HIT": hit_response(self._hit(parameters["HITId"]), self.now)}

    def list_hits(self, parameters: Parameters) -> Parameters:
        newest_first = sorted(self.market.hits.values(), key=lambda hit: hit.id, reverse=True)
        return self._page(parameters, "HITs", newest_first, lambda hit: hit_response(hit, self.now))

    def _hit(self, hit_id: str) -> EmulatedHit:
        if hit_id not in self.market.hits:
            raise TurkError("HITDoesNotExist", f"Hit {hit_id} does not exist.")
        return self.market.hits[hit_id]

    # -- assignments ----------------------------------------------------------------------------

    def get_assignment(self, parameters: Parameters) -> Parameters:
        assignment = self._assignment(parameters["AssignmentId"])
        if assignment.state not in COMPLETED:
            raise _wrong_state("Reviewable,Approved,Rejected")
        return {"Assignment": assignment_response(assignment), "HIT": hit_response(assignment.hit, self.now)}

    def list_assignments_for_hit(self, parameters: Parameters) -> Parameters:
        statuses = [one.lower() for one in parameters.get("AssignmentStatuses", ())] or COMPLETED
        found = [one for one in self._hit(parameters["HITId"]).assignments if one.state in statuses]
        return self._page(parameters, "Assignments", found, assignment_response)

    def approve_assignment(self, parameters: Parameters) -> Parameters:
        assignment = self._assignment(parameters["AssignmentId"])
        overrides = (
            parameters.get("OverrideRejection", False) and assignment.state is AssignmentState.REJECTED
        )
        if assignment.state is not AssignmentState.SUBMITTED and not overrides:
            raise _wrong_state("Submitted")
        self.market.approve(assignment)
        return {}

    def reject_assignment(self, parameters: Parameters) -> Parameters:
        assignment = self._assignment(parameters["AssignmentId"])
        if assignment.state is not AssignmentState.SUBMITTED:
            raise _wrong_state("Submitted")
        assignment.state = AssignmentState.REJECTED
        self.market.publish("AssignmentRejected", assignment.hit, assignment)
        return {}

    def _assignment(self, assignment_id: str) -> Assignment:
        if assignment_id not in self.market.assignments or assignment_id in self.market.not_known_yet:
            raise TurkError("AssignmentDoesNotExist", f"Assignment {assignment_id} does not exist.")
        return self.market.assignments[assignment_id]

    # -- bonuses --------------------------------------------------------------------------------

    def send_bonus(self, parameters: Parameters) -> Parameters:
        token = parameters.get("UniqueRequestToken", "")
        if self.market.has_seen("Bonus", token):
            raise TurkError("DuplicateRequest", f"Request {token} {self.market.repeated}.")
        assignment = self._assignment(parameters["AssignmentId"])
        amount = Decimal(parameters["BonusAmount"])
        if assignment.worker != parameters["WorkerId"]:
            raise TurkError("WorkerDoesNotExist", f"{parameters['WorkerId']} didn't work on this assignment.")
        if assignment.state not in COMPLETED:
            raise _wrong_state("Submitted,Approved,Rejected")
        if not Decimal("0.01") <= amount <= _MOST_BONUS or not parameters["Reason"].strip():
            raise TurkError("ParameterValidation", "A bonus needs a reason, and 0.01 to 10000 dollars.")
        fee = self.market.fee_of(amount)
        worker, reason = assignment.worker, parameters["Reason"]
        self.market.pay(TurkPayment("bonus", worker, assignment.id, amount, fee, self.now, reason, token))
        self.market.remember("Bonus", token)
        return {}

    def list_bonus_payments(self, parameters: Parameters) -> Parameters:
        of_hit = (
            {one.id for one in self._hit(parameters["HITId"]).assignments} if "HITId" in parameters else None
        )
        ids = of_hit or {self._assignment(parameters["AssignmentId"]).id}
        sent = [one for one in self.market.paid if one.kind == "bonus" and one.assignment in ids]
        return self._page(
            parameters,
            "BonusPayments",
            sent,
            lambda one: {
                "WorkerId": one.worker,
                "BonusAmount": f"{one.amount:.2f}",
                "AssignmentId": one.assignment,
                "Reason": one.reason,
                "GrantTime": one.at.timestamp(),
            },
        )

    # -- notices --------------------------------------------------------------------------------

    def notify_workers(self, parameters: Parameters) -> Parameters:
        if len(parameters["WorkerIds"]) > _MOST_NOTIFIED or not parameters["Subject"].strip():
            raise TurkError("ParameterValidation", "A notice needs a subject, and 1 to 100 workers.")
        failures = []
        for worker in parameters["WorkerIds"]:
            code = self.market.unreachable.get(worker) or self._unknown(worker)
            if code is None:
                self.market.mails.append((worker, parameters["Subject"]))
            else:
                text = f"The worker {worker} can't be notified."
                failures.append(
                    {
                        "WorkerId": worker,
                        "NotifyWorkersFailureCode": code,
                        "NotifyWorkersFailureMessage": text,
                    }
                )
        return {"NotifyWorkersFailureStatuses": failures}

    def _unknown(self, worker: str) -> str | None:
        """Return the failure of a worker none of whose work was approved or rejected."""
        judged = (AssignmentState.APPROVED, AssignmentState.REJECTED)
        known = any(a.worker == worker and a.state in judged for a in self.market.assignments.values())
        return None if known else "HardFailure"

    def get_account_balance(self, parameters: Parameters) -> Parameters:
        del parameters
        return {"AvailableBalance": f"{self.market.balance:.2f}", "OnHoldBalance": "0.00"}

    # -- qualifications -------------------------------------------------------------------------

    def create_qualification_type(self, parameters: Parameters) -> Parameters:
        if any(kind.name == parameters["Name"] for kind in self.market.qualifications.values()):
            raise TurkError(
                "QualificationTypeAlreadyExists",
                "You have already created a QualificationType with this name.",
            )
        qualification = QualificationType(
            self.market.new_id("Q"), parameters["Name"], parameters["Description"]
        )
        self.market.qualifications[qualification.id] = qualification
        return {"QualificationType": qualification_response(qualification)}

    def list_qualification_types(self, parameters: Parameters) -> Parameters:
        words = parameters.get("Query", "").lower()
        found = [kind for kind in self.market.qualifications.values() if words in kind.name.lower()]
        return self._page(parameters, "QualificationTypes", found, qualification_response)

    def associate_qualification_with_worker(self, parameters: Parameters) -> Parameters:
        scores = self._qualification(parameters["QualificationTypeId"]).scores
        scores[parameters["WorkerId"]] = parameters.get("IntegerValue", 1)
        if parameters.get("SendNotification", True):
            self.market.mails.append((parameters["WorkerId"], "You have a new qualification"))
        return {}

    def disassociate_qualification_from_worker(self, parameters: Parameters) -> Parameters:
        scores = self._qualification(parameters["QualificationTypeId"]).scores
        if parameters["WorkerId"] not in scores:
            raise TurkError("QualificationDoesNotExist", "The worker doesn't have this qualification.")
        del scores[parameters["WorkerId"]]
        return {}

    def list_workers_with_qualification_type(self, parameters: Parameters) -> Parameters:
        kind = self._qualification(parameters["QualificationTypeId"])
        granted = list(kind.scores.items()) if parameters.get("Status", "Granted") == "Granted" else []
        return self._page(
            parameters,
            "Qualifications",
            granted,
            lambda held: {
                "QualificationTypeId": kind.id,
                "WorkerId": held[0],
                "GrantTime": self.now.timestamp(),
                "IntegerValue": held[1],
                "Status": "Granted",
            },
        )

    def _qualification(self, kind: str) -> QualificationType:
        if kind not in self.market.qualifications:
            raise TurkError("QualificationTypeDoesNotExist", f"QualificationType {kind} does not exist.")
        return self.market.qualifications[kind]

    # -- pages ----------------------------------------------------------------------------------

    def _page(
        self, parameters: Parameters, key: str, items: Sequence[Any], to_response: Callable[[Any], Parameters]
    ) -> Parameters:
        start = json.loads(parameters.get("NextToken", "0"))
        end = start + min(parameters.get("MaxResults", 10), self.page)
        answer: Parameters = {
            "NumResults": len(items[start:end]),
            key: [to_response(one) for one in items[start:end]],
        }
        # As in the real service, a full page has a token, even if no page follows.
        return answer if end > len(items) else {**answer, "NextToken": str(end)}


def _wrong_state(states: str) -> TurkError:
    return TurkError("InvalidAssignmentState", f"This operation can be called with a status of: {states}")
