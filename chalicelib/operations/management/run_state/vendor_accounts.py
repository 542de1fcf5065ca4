"""What vendors show of the run: which are asked, with what the run knows, and their answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.operations.recruitment.quotas import recruiters_in_use
from chalicelib.operations.recruitment.recruitment import recruiter_state_of
from chalicelib.operations.shared.context import Context
from chalicelib.ports.vendor_account import VendorAccount, VendorAnswer


@dataclass(frozen=True, slots=True)
class VendorView:
    """What one vendor answered."""

    recruiter: str
    account: VendorAccount | None = field(metadata={"help": "None when it can't be shown at the moment."})
    asked: datetime | None = field(metadata={"help": "When the vendor answered, at most half a minute ago."})
    problem: str = field(metadata={"help": "Why the account can't be shown, and what to do."})


@dataclass(frozen=True, slots=True)
class VendorViews:
    """What the vendors of this run show of it."""

    vendors: list[VendorView]


def states_of_vendors(ctx: Context) -> dict[str, dict[str, Any]]:
    """Return the recruiters in use that have an account at a vendor, each with its state."""
    return {
        name: recruiter_state_of(ctx, name)
        for name in recruiters_in_use(ctx)
        if ctx.recruiters.capabilities(name).has_account
    }


def view_of(recruiter: str, answer: VendorAnswer | None) -> VendorView:
    """Return what a vendor has answered; `answer` is None while it is being asked."""
    if answer is None:
        return VendorView(recruiter, None, None, "")
    return VendorView(recruiter, answer.account, answer.at, answer.problem)
