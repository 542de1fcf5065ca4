from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.immutable import immutable
from chalicelib.model.participant import Participant
from chalicelib.ports import Transfer
from chalicelib.recruiters import prolific
from chalicelib.recruiters.prolific import ProlificRecruiter
from tests.tools.prolific import TOKEN, WORKSPACE, Prolific
from tests.web.clock import HandClock

SETTINGS = {
    "prolific_token": TOKEN,
    "prolific_workspace": WORKSPACE,
    "prolific_estimated_completion_minutes": 10,
    "base_payment": 2.0,
    "duration": 1.0,
    "mode": "live",
    "title": "Ring",
    "description": "A game.",
}
RUN = "the-run"
Make = Callable[..., ProlificRecruiter]


@immutable()
class Sent(Transfer):
    """A transfer that tells when it was last sent."""

    tried_at: datetime | None = None
    indistinguishable_sent_at: datetime | None = None


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def vendor(clock: HandClock) -> Iterator[Prolific]:
    with Prolific.running(clock) as running:
        yield running


@pytest.fixture
def make(vendor: Prolific, clock: HandClock) -> Make:
    """Build a recruiter as another process would: nothing is remembered."""

    def build(
        secret: str = RUN, base: str = "https://ring.example.org", **settings: Any
    ) -> ProlificRecruiter:
        return prolific.build({**SETTINGS, **settings}, lambda: base, clock, secret=secret, api=vendor.api)

    return build


@pytest.fixture
def recruiter(make: Make) -> ProlificRecruiter:
    return make()


@pytest.fixture
def at_work(recruiter: ProlificRecruiter, vendor: Prolific) -> str:
    """The submission of a participant who has begun."""
    recruiter.recruit(1, "open-1", {})
    return vendor.begin("worker-1")


@pytest.fixture
def submitted(recruiter: ProlificRecruiter, vendor: Prolific, at_work: str) -> str:
    """The submission of a participant who came back with the code for completion."""
    vendor.come_back(at_work, recruiter.submit_address(a_participant("submitted")))
    return at_work


def a_participant(status: str, released: str | None = None) -> Participant:
    participant = Participant("prolific", "worker-1", "sub", "study")
    participant.status = status
    participant.early_exit_reason = released
    return participant


def transfer(vendor: Prolific, submission: str, kind: str, amount: str, **more: Any) -> Sent:
    return Sent(
        recruiter="prolific",
        participant_id=1,
        assignment_id=submission,
        worker_id="worker-1",
        hit_id=vendor.world.submissions[submission]["study_id"],
        kind=kind,
        amount=Decimal(amount),
        reason="thanks",
        token=f"run-1-{kind}",
        **more,
    )
