"""What the dashboard shows of a run at Prolific."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.recruiters.prolific import ProlificRecruiter
from tests.recruiters.prolific.conftest import Make, a_participant
from tests.tools.prolific import Prolific


def test_a_study_shows_its_places_and_its_submissions_by_status(
    recruiter: ProlificRecruiter, vendor: Prolific
) -> None:
    vendor.world.spell = lambda status: status.replace(" ", "_").lower()
    state = recruiter.recruit(6, "open-1", {}).recruiter_state
    working, submitted, returned, timed_out = (vendor.begin(f"worker-{n}") for n in range(4))
    vendor.come_back(submitted, recruiter.submit_address(a_participant("submitted")))
    vendor.give_back(returned)
    vendor.time_out(timed_out)
    account = recruiter.read_account(state)
    assert (account.vendor, account.market) == ("Prolific", "live")
    (study,) = account.listings
    assert (study.title, study.status, study.is_open) == ("Ring", "open", True)
    assert (study.places, study.free, study.working, study.submitted, study.completed) == (6, 4, 1, 1, 0)
    assert study.other == {"returned": 1, "timed out": 1}
    fee = recruiter.fee(study.reward, 1)
    assert (study.reward, study.most_cost) == (Decimal(2), 6 * (2 + fee))
    assert account.balance == (vendor.world.balance - 4 * 266) / Decimal(100)
    assert "worker-" not in repr(account)
    del working


def test_a_closed_study_has_no_free_places_and_a_deleted_one_is_left_out(
    recruiter: ProlificRecruiter, vendor: Prolific
) -> None:
    state = recruiter.recruit(2, "open-1", {}).recruiter_state
    state = recruiter.close_recruitment(state).recruiter_state
    state["studies"].append({"id": "study-gone", "places": 1, "closed": True})
    (study,) = recruiter.read_account(state).listings
    assert (study.status, study.is_open, study.free) == ("ended", False, 0)


def test_without_a_workspace_the_balance_is_not_asked_for(make: Make, vendor: Prolific) -> None:
    assert make(prolific_workspace="").read_account({}).balance is None
    assert vendor.calls == []


@pytest.mark.parametrize(
    ("kind", "error", "text"),
    [
        ("500", VendorUnreachable, "has a fault"),
        ("429", VendorUnreachable, "no more calls at this moment"),
        ("garbled", VendorUnreachable, "can't be read"),
    ],
)
def test_an_account_that_cannot_be_read_is_an_error_of_the_port(
    recruiter: ProlificRecruiter, vendor: Prolific, kind: str, error: type[Exception], text: str
) -> None:
    state = recruiter.recruit(1, "open-1", {}).recruiter_state
    vendor.faults.add(kind, "GET", "/submissions/counts/")
    with pytest.raises(error, match=text):
        recruiter.read_account(state)


def test_a_token_that_prolific_does_not_know_is_named_as_the_setting_to_correct(make: Make) -> None:
    with pytest.raises(VendorRefused, match="check prolific_token"):
        make(prolific_token="wrong").read_account({})
