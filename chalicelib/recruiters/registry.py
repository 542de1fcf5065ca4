"""Finds the recruiters of a run by nickname."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from chalicelib.errors import ExperimentError, Forbidden
from chalicelib.model.participant import Participant
from chalicelib.ports import (
    Capabilities,
    Listing,
    Recruiter,
    VendorReport,
)

from .confirmation_cache import ConfirmationCache
from .null_recruiter import NullRecruiter

if TYPE_CHECKING:
    from chalicelib.ports.vendor_account import VendorAnswer

    from .account_cache import AccountCache

#: The recruiter of a participant whose recruiter this run no longer has.
UNKNOWN = NullRecruiter()
#: Takes headers and body of a vendor's message; returns its notifications.
WebhookReceiver = Callable[[Mapping[str, str], bytes], list[VendorReport]]


@dataclass(eq=False, repr=False)
class RecruiterRegistry:
    """The recruiters of this app, by nickname."""

    recruiters: Mapping[str, Recruiter] = field(default_factory=dict)
    #: Functions that verify and parse a vendor's webhooks.
    receivers: Mapping[str, WebhookReceiver] = field(default_factory=dict)
    #: The function that parses a message that SNS delivered into the app's own queue.
    reader: Callable[[Mapping[str, Any]], list[VendorReport]] | None = None
    #: Vendors' answers about entries, cached in this process.
    confirmed: ConfirmationCache = field(default_factory=ConfirmationCache)

    def named(self, nickname: str) -> Recruiter:
        """Return a recruiter by the nickname in a participant's record (such as `bots:Bot`)."""
        found = self.recruiters.get(nickname.partition(":")[0])
        if found is None:
            known = ", ".join(sorted(self.recruiters))
            raise ExperimentError(f"There is no recruiter {nickname!r}; known are {known}.")
        return found

    def receive(self, vendor: str, headers: Mapping[str, str], body: bytes) -> list[VendorReport]:
        """Verify a vendor's webhook and return its notifications.

        Raises Forbidden for a message that isn't the vendor's, and for a vendor that this run doesn't use.
        """
        receiver = self.receivers.get(vendor)
        if receiver is None:
            raise Forbidden(f"This run accepts no messages from {vendor}.", code="unverified_sender")
        return receiver(headers, body)

    def read_sns_message(self, envelope: Mapping[str, Any]) -> list[VendorReport]:
        """Return the notifications in a message that SNS delivered into the app's own queue."""
        if self.reader is None:
            raise ExperimentError("This run has no recruiter that reports through SNS.")
        return self.reader(envelope)

    def capabilities(self, nickname: str) -> Capabilities:
        """Return the capabilities of a recruiter; those of `NullRecruiter` for an unknown one."""
        return self._find(nickname).capabilities

    def fetch_listing(self, nickname: str, hit_id: str) -> Listing | None:
        """Return a recruiter's listing (a HIT); None when this run has none with this id."""
        return self.named(nickname).fetch_listing(hit_id)

    def check_entry(
        self, nickname: str, worker_id: str, hit_id: str, assignment_id: str, signed: str | None
    ) -> None:
        """Raise Forbidden for ids without a valid entry link, where the recruiter signs its links."""
        self.named(nickname).check_entry(worker_id, hit_id, assignment_id, signed)

    def confirm_entry(
        self,
        nickname: str,
        worker_id: str,
        hit_id: str,
        assignment_id: str,
        recruiter_state: Mapping[str, Any],
    ) -> None:
        """Verify with the recruiter that an assignment belongs to this run and this worker.

        Raises Forbidden when it doesn't, Busy when the recruiter doesn't know it yet, VendorError when the
        request fails. Answers are cached, refusals for a shorter time.
        """
        recruiter = self.named(nickname)
        ask = partial(recruiter.confirm_entry, worker_id, hit_id, assignment_id, recruiter_state)
        self.confirmed.ask((nickname, worker_id, hit_id, assignment_id), ask)

    def read_account(
        self, nickname: str, recruiter_state: Mapping[str, Any], now: Callable[[], datetime]
    ) -> VendorAnswer | None:
        """Return what a recruiter's vendor shows of the run, or its error; None while it is being asked.

        Answers are cached for half a minute.
        """
        return self._accounts.ask(nickname, now, lambda: self.named(nickname).read_account(recruiter_state))

    @cached_property
    def _accounts(self) -> AccountCache:
        # Lazy import: only the dashboard shows accounts.
        from .account_cache import AccountCache

        return AccountCache()

    def read_entry(self, link: str) -> tuple[str, str, str]:
        """Return worker id, assignment id and signed part of an entry link; Forbidden for a forged one."""
        return self._find("link").read_entry(link)

    def entry_address(self, nickname: str, worker_id: str, page: str, serial: int = 0) -> str:
        """Return the signed link of a worker to a page of the run; Forbidden without signed links."""
        return self.named(nickname).entry_address(worker_id, page, serial)

    def entry_hit(self, nickname: str, serial: int) -> str:
        """Return the HIT id in links that were renewed so many times; Forbidden without signed links."""
        return self.named(nickname).entry_hit(serial)

    def start_replacement_bot(self, entry: Mapping[str, str]) -> None:
        """Start a bot in the place of a participant who has left; VendorRefused where that isn't possible."""
        self._find("bots").start_replacement_bot(entry)

    def submit_address(self, participant: Participant) -> str:
        """Return the URL to which the exit page sends a participant, or ""."""
        return self._find(participant.recruiter).submit_address(participant)

    def fee(self, nickname: str, amount: Decimal, places: int) -> Decimal:
        """Return the recruiter's fee for a payment, in US dollars; an unknown recruiter charges nothing.

        `places`: how many are opened at a time, as Mechanical Turk charges more from ten on.
        """
        return self._find(nickname).fee(amount, places)

    def simulated_recruiter(self, nickname: str) -> Recruiter | None:
        """Return a recruiter that recruits and pays without calling a service; None for any other."""
        found = self._find(nickname)
        return found if found.capabilities.is_simulated else None

    def _find(self, nickname: str) -> Recruiter:
        return self.recruiters.get(nickname.partition(":")[0], UNKNOWN)
