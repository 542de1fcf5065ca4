"""The recruiters of a run, by nickname, and what each of them can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any

from chalicelib.errors import ExperimentError, Forbidden
from chalicelib.model.participant import Participant
from chalicelib.ports import (
    Listing,
    Recruiter,
    VendorReport,
)
from chalicelib.recruiters.confirmation_cache import ConfirmationCache

#: Takes headers and body of a vendor's message; returns what it reports.
WebhookReceiver = Callable[[Mapping[str, str], bytes], list[VendorReport]]


@dataclass
class RecruiterRegistry:
    """The recruiters of this app, by nickname."""

    recruiters: Mapping[str, Recruiter] = field(default_factory=dict)
    #: What verifies and reads a vendor's own messages over HTTP.
    receivers: Mapping[str, WebhookReceiver] = field(default_factory=dict)
    #: What reads a message that SNS delivered into our own queue.
    reader: Callable[[Mapping[str, Any]], list[VendorReport]] | None = None
    #: What vendors answered about entries, remembered in this process.
    confirmed: ConfirmationCache = field(default_factory=ConfirmationCache)

    def named(self, nickname: str) -> Recruiter:
        """Return a recruiter by the name that a participant's record carries, `bots:Bot` included."""
        found = self.recruiters.get(nickname.partition(":")[0])
        if found is None:
            known = ", ".join(sorted(self.recruiters))
            raise ExperimentError(f"There is no recruiter {nickname!r}; known are {known}.")
        return found

    def receive(self, vendor: str, headers: Mapping[str, str], body: bytes) -> list[VendorReport]:
        """Verify a vendor's own message and return its reports.

        Forbidden for a message that isn't the vendor's, or of a vendor that this run doesn't use.
        """
        receiver = self.receivers.get(vendor)
        if receiver is None:
            raise Forbidden(f"This run hears nothing from {vendor}.", code="unverified_sender")
        return receiver(headers, body)

    def read_sns_message(self, envelope: Mapping[str, Any]) -> list[VendorReport]:
        """Return the reports in a message that SNS delivered into our own queue."""
        if self.reader is None:
            raise ExperimentError("This run has no recruiter that reports through SNS.")
        return self.reader(envelope)

    def fetch_listing(self, nickname: str, hit_id: str) -> Listing | None:
        """Ask a recruiter about an offer of places (a HIT); None when it has none of this run by this id."""
        look = getattr(self.named(nickname), "fetch_listing", None)
        found: Listing | None = None if look is None else look(hit_id)
        return found

    def check_entry(
        self, nickname: str, worker_id: str, hit_id: str, assignment_id: str, signed: str | None
    ) -> None:
        """Refuse somebody who comes without a valid entry link, where the recruiter gives signed ones."""
        check = getattr(self.named(nickname), "check_entry", None)
        if check is not None:
            check(worker_id, hit_id, assignment_id, signed)

    def requires_confirmation(self, nickname: str) -> bool:
        """Whether the recruiter is asked about an assignment before anybody is seated by it."""
        return hasattr(self.recruiters.get(nickname.partition(":")[0]), "confirm_entry")

    def confirm_entry(
        self,
        nickname: str,
        worker_id: str,
        hit_id: str,
        assignment_id: str,
        recruiter_state: Mapping[str, Any],
    ) -> None:
        """Ask a recruiter whether an assignment is one of this run's, and this worker's.

        Forbidden when it isn't, Busy when the recruiter doesn't know it yet, VendorError when it can't be
        asked. Answers are remembered for a while, those that say no for a shorter one.
        """
        recruiter = self.named(nickname)
        ask = partial(recruiter.confirm_entry, worker_id, hit_id, assignment_id, recruiter_state)  # type: ignore[attr-defined]
        self.confirmed.ask((nickname, worker_id, hit_id, assignment_id), ask)

    def read_entry(self, link: str) -> tuple[str, str, str]:
        """Return worker, assignment and signed part of an entry link; Forbidden for one that isn't ours."""
        read = getattr(self.named("link"), "read_identity", None)
        if read is None:
            raise ExperimentError("No recruiter of this run reads entry links.")
        ids, signed = read(link)
        return str(ids.worker_id), str(ids.assignment_id), str(signed)

    def start_replacement_bot(self, entry: dict[str, str]) -> None:
        """Start a bot that goes on for somebody who is gone."""
        start_replacement_bot = getattr(self.named("bots"), "start_replacement_bot", None)
        if start_replacement_bot is None:
            raise ExperimentError("No recruiter of this run can start a bot that stands in.")
        start_replacement_bot(entry)

    def submit_address(self, participant: Participant) -> str:
        """Where the exit page sends a participant; "" for nowhere, or where their recruiter isn't known."""
        found = self.recruiters.get(participant.recruiter.partition(":")[0])
        return "" if found is None else found.submit_address(participant)

    def fee(self, nickname: str, amount: Decimal, places: int) -> Decimal:
        """What the recruiter charges for a payment, in US dollars; an unknown one charges nothing.

        `places`: how many are opened at a time, as Mechanical Turk charges more from ten on.
        """
        found = self.recruiters.get(nickname.partition(":")[0])
        return Decimal(0) if found is None else found.fee(amount, places)

    def simulated_recruiter(self, nickname: str) -> Recruiter | None:
        """Return a recruiter that pays and recruits in hot air, calling nobody; None for any other."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return found if getattr(found, "is_simulated", False) else None

    def auto_submits(self, nickname: str) -> bool:
        """Whether completing the experiment is already the submission; an unknown one reports nothing."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return True if found is None else found.auto_submits

    def screens_out_without_submission(self, nickname: str) -> bool:
        """Whether somebody who is screened out has to hand nothing in to be paid for it."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return self.auto_submits(nickname) or bool(getattr(found, "screens_out_without_submission", False))

    def can_submit_on_behalf(self, nickname: str) -> bool:
        """Whether who has finished can be handed in for, though they never went back to the recruiter."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return bool(getattr(found, "can_submit_on_behalf", False))

    def pays_any_submission(self, nickname: str) -> bool:
        """Whether who hands in is paid the full reward by the recruiter, fit or not."""
        found = self.recruiters.get(nickname.partition(":")[0])
        return bool(getattr(found, "pays_any_submission", False))
