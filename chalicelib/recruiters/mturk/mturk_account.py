"""Reads a run's HITs, the requester's balance and the qualifications in use, for the dashboard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.ports import Clock
from chalicelib.ports.vendor_account import VendorAccount, VendorListing, VendorQualification
from chalicelib.recruiters.patience import Patience

from . import fees
from .hits import Hit, HitClient
from .mturk_errors import TurkRefused
from .qualifications import QualificationTypes, names_in
from .requester import Requester

VENDOR: Final = "Mechanical Turk"
#: How many HITs are shown, the newest first, and up to how many workers and submissions are counted.
MOST_HITS: Final = 20
MOST_COUNTED: Final = 1_000
_GIVEN: Final = "given to workers who take part"
_EXCLUDES: Final = "excludes workers who have it"
_SUBMITTED: Final = "Submitted"


@dataclass(frozen=True)
class MTurkAccountReader:
    """Reads what the requester's account shows of one run; no worker's id leaves it."""

    requester: Requester
    config: SettingsLike
    clock: Clock
    app_id: str

    def read(self, recruiter_state: Mapping[str, Any]) -> VendorAccount:
        """Return the account, or raise a VendorError that says what to do."""
        patience = Patience(VENDOR)
        known = [str(one["id"]) for one in recruiter_state.get("hits", ())]
        balance = Decimal(self.requester.ask("get_account_balance")["AvailableBalance"])
        listings = [self._listing(hit_id, patience) for hit_id in reversed(known[-MOST_HITS:])]
        return VendorAccount(
            vendor=VENDOR,
            market=self.requester.market,
            balance=balance,
            listings=[one for one in listings if one is not None],
            has_older_listings=len(known) > MOST_HITS,
            qualifications=[
                self._qualification(name, use, patience) for name, use in self._names_in_use().items()
            ],
        )

    def _listing(self, hit_id: str, patience: Patience) -> VendorListing | None:
        """Return a HIT; None for one that was deleted since."""
        patience.require_time()
        try:
            hit = HitClient(self.requester).get(hit_id)
        except TurkRefused as refused:
            if refused.reason == "HITDoesNotExist":
                return None
            raise
        now = self.clock.now()
        return VendorListing(
            id=hit.id,
            title=hit.title,
            status=_status(hit, now),
            is_open=hit.available > 0 and hit.expires > now,
            address=f"{self.requester.worker_site}/projects/{hit.group}/tasks" if hit.group else "",
            created=hit.created,
            ends=hit.expires,
            places=hit.places,
            free=hit.available,
            working=hit.pending,
            submitted=self._count_submitted(hit, patience),
            completed=hit.completed,
            other={},
            reward=hit.reward,
            most_cost=hit.places * (hit.reward + fees.fee(hit.reward, hit.places)),
        )

    def _count_submitted(self, hit: Hit, patience: Patience) -> int:
        """Count the submissions that wait for approval, which the HIT itself doesn't say."""
        if hit.places == hit.available + hit.pending + hit.completed:
            return 0
        patience.require_time()
        submitted = self.requester.every(
            "list_assignments_for_hit", "Assignments", HITId=hit.id, AssignmentStatuses=[_SUBMITTED]
        )
        return len(patience.first(MOST_COUNTED, submitted)[0])

    def _names_in_use(self) -> dict[str, str]:
        """Return the names of the qualifications of this run, each with its use."""
        settings = RunSettings.read(self.config)
        groups = [name.strip() for name in (settings.group_name or "").split(",")]
        given = [self.app_id, *filter(None, groups)] if settings.assign_qualifications else []
        return dict.fromkeys(given, _GIVEN) | dict.fromkeys(names_in(self.config), _EXCLUDES)

    def _qualification(self, name: str, use: str, patience: Patience) -> VendorQualification:
        patience.require_time()
        found = QualificationTypes(self.requester).find(name)
        if found is None:
            return VendorQualification(name, use, exists=False, holders=0, is_partial=False)
        holders = self.requester.every(
            "list_workers_with_qualification_type",
            "Qualifications",
            QualificationTypeId=found,
            Status="Granted",
        )
        counted, is_partial = patience.first(MOST_COUNTED, holders)
        return VendorQualification(name, use, exists=True, holders=len(counted), is_partial=is_partial)


def _status(hit: Hit, now: datetime) -> str:
    if hit.status == "Disposed":
        return "deleted"
    if hit.expires <= now:
        return "ended"
    return "open" if hit.available else "no place free"
