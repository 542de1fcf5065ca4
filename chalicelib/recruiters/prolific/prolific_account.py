"""Reads a run's studies, their submissions and the workspace's balance, for the dashboard.

Sources: docs.prolific.com, "Retrieve a study", "Count study submissions by status", "Get the balance of a
workspace"; amounts are in cents or pence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, Final

from chalicelib.ports.vendor_account import VendorAccount, VendorListing
from chalicelib.recruiters.patience import Patience

from .client import ProlificClient, ProlificNotFound, status_in
from .prolific_settings import HUNDRED, ProlificSettings

VENDOR: Final = "Prolific"
#: How many studies are shown, the newest first.
MOST_STUDIES: Final = 10
ACTIVE: Final = "ACTIVE"
_STATUSES: Final[Mapping[str, str]] = {
    ACTIVE: "open",
    "AWAITING REVIEW": "ended",
    "COMPLETED": "completed",
    "PAUSED": "paused",
    "UNPUBLISHED": "draft",
}
_WORKING: Final = ("ACTIVE", "RESERVED")
_COMPLETED: Final = ("APPROVED", "PARTIALLY APPROVED", "REJECTED")
_SUBMITTED: Final = "AWAITING REVIEW"
_TOTAL: Final = "TOTAL"
#: The pages of studies for researchers.
_SITE: Final = "https://app.prolific.com/researcher/studies"
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True)
class ProlificAccountReader:
    """Reads what Prolific shows of one run; no participant's id leaves it."""

    client: ProlificClient
    settings: ProlificSettings

    def read(self, recruiter_state: Mapping[str, Any]) -> VendorAccount:
        """Return the account, or raise a VendorError that says what to do."""
        patience = Patience(VENDOR)
        known = [str(study["id"]) for study in recruiter_state.get("studies", ())]
        listings = [self._listing(study_id, patience) for study_id in reversed(known[-MOST_STUDIES:])]
        patience.require_time()
        return VendorAccount(
            vendor=VENDOR,
            market="live" if self.settings.mode == "live" else "drafts only",
            balance=self._balance(),
            listings=[one for one in listings if one is not None],
            has_older_listings=len(known) > MOST_STUDIES,
            qualifications=[],
        )

    def _balance(self) -> Decimal | None:
        if not self.settings.workspace:
            return None
        cents = self.client.get(f"/workspaces/{self.settings.workspace}/balance/").get("available_balance")
        return None if cents is None else Decimal(cents) / HUNDRED

    def _listing(self, study_id: str, patience: Patience) -> VendorListing | None:
        """Return a study; None for one that was deleted since."""
        patience.require_time()
        try:
            study = self.client.get(f"/studies/{study_id}/")
        except ProlificNotFound:
            return None
        patience.require_time()
        counts = _counts(self.client.get(f"/studies/{study_id}/submissions/counts/"))
        places, taken = int(study["total_available_places"]), int(study.get("places_taken") or 0)
        status = status_in(study)
        reward = Decimal(study["reward"]) / HUNDRED
        return VendorListing(
            id=study_id,
            title=str(study.get("name") or ""),
            status=_STATUSES.get(status, status.lower()),
            is_open=status == ACTIVE,
            address=f"{_SITE}/{study_id}",
            created=None,
            ends=None,
            places=places,
            free=max(0, places - taken) if status == ACTIVE else 0,
            working=sum(counts.pop(name, 0) for name in _WORKING),
            submitted=counts.pop(_SUBMITTED, 0),
            completed=sum(counts.pop(name, 0) for name in _COMPLETED),
            other={name.lower(): count for name, count in counts.items()},
            reward=reward,
            most_cost=places * (reward + (reward * self.settings.fee_rate).quantize(_CENT, ROUND_CEILING)),
        )


def _counts(found: Mapping[str, Any]) -> dict[str, int]:
    """Return how many submissions have each status, without those that none has."""
    counts = {status_in({"status": name}): int(count or 0) for name, count in found.items()}
    return {name: count for name, count in counts.items() if count and name != _TOTAL}
