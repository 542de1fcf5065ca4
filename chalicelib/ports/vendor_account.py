"""What a recruiter's vendor shows of a run: its listings, the account's balance, and qualifications."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class VendorListing:
    """A listing of places as the vendor has it: a HIT, or a study."""

    id: str
    title: str
    #: In words, such as "open", "no place free" or "draft".
    status: str
    is_open: bool
    address: str = field(metadata={"help": "The listing's page at the vendor; empty when it has none."})
    created: datetime | None
    ends: datetime | None = field(metadata={"help": "Until when places can be taken, where the vendor says."})
    places: int
    free: int
    working: int = field(metadata={"help": "Participants who have taken a place and not submitted yet."})
    submitted: int = field(metadata={"help": "Submissions that wait for approval."})
    completed: int = field(metadata={"help": "Submissions that were approved or rejected."})
    other: dict[str, int] = field(
        metadata={"help": "Submissions in further states of the vendor, such as `timed out`."}
    )
    reward: Decimal = field(metadata={"any_decimal": True})
    most_cost: Decimal = field(
        metadata={"any_decimal": True, "help": "What all places cost at most: rewards, with fees."}
    )


@dataclass(frozen=True, slots=True)
class VendorQualification:
    """A qualification that this run gives to participants, or that excludes them."""

    name: str
    use: str = field(metadata={"help": "What this run does with it."})
    exists: bool = field(metadata={"help": "Whether the account has it; Petri creates it when it is needed."})
    holders: int = field(metadata={"help": "How many workers have it."})
    is_partial: bool = field(metadata={"help": "Whether more workers have it than were counted."})


@dataclass(frozen=True, slots=True)
class VendorAccount:
    """A run as its vendor has it."""

    vendor: str = field(metadata={"help": "The vendor's name, for people."})
    #: In words, such as "sandbox" or "live".
    market: str
    balance: Decimal | None = field(
        metadata={"any_decimal": True, "help": "Money that can be spent; None where the vendor doesn't say."}
    )
    listings: list[VendorListing] = field(metadata={"help": "The newest first."})
    has_older_listings: bool
    qualifications: list[VendorQualification]


@dataclass(frozen=True, slots=True)
class VendorAnswer:
    """What a vendor answered, and when: its account, or what went wrong and what to do."""

    at: datetime
    account: VendorAccount | None = None
    problem: str = ""
