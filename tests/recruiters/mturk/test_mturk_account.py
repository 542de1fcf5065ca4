"""What the dashboard shows of a run at Mechanical Turk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.errors import VendorUnreachable
from chalicelib.recruiters import patience
from chalicelib.recruiters.mturk import MTurkRecruiter, mturk_account
from infra.emulator.mturk import Fault, MTurkStandIn


def test_hits_show_their_places_and_assignments_in_each_state(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
) -> None:
    state = recruiter.recruit(4, "first", {}).recruiter_state
    hit_id = state["hits"][0]["id"]
    accepted = [turk.market.accept(worker, hit_id) for worker in ("A1", "A2", "A3")]
    turk.market.submit(accepted[0])
    turk.market.submit(accepted[1])
    turk.market.approve(turk.market.assignments[accepted[1]])
    account = recruiter.read_account(state)
    assert (account.vendor, account.market) == ("Mechanical Turk", "sandbox")
    assert account.balance == turk.market.balance
    (hit,) = account.listings
    assert (hit.id, hit.title, hit.status, hit.is_open) == (hit_id, "Stories", "open", True)
    assert (hit.places, hit.free, hit.working, hit.submitted, hit.completed) == (4, 1, 1, 1, 1)
    assert (hit.reward, hit.most_cost) == (Decimal("1.50"), 4 * Decimal("1.80"))
    turk.clock.advance(timedelta(days=2))
    (hit,) = recruiter.read_account(state).listings
    assert (hit.status, hit.is_open, hit.free) == ("ended", False, 0)


def test_the_newest_hits_come_first_and_deleted_ones_are_left_out(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mturk_account, "MOST_HITS", 2)
    state = recruiter.recruit(1, "first", {}).recruiter_state
    kept = state["hits"][0]["id"]
    account = recruiter.read_account({"hits": [{"id": "3GONE1"}, {"id": kept}, {"id": "3GONE2"}]})
    assert [hit.id for hit in account.listings] == [kept]
    assert account.has_older_listings


def test_qualifications_in_use_say_how_many_workers_have_them_and_not_who(
    turk: MTurkStandIn, build: Callable[..., MTurkRecruiter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mturk_account, "MOST_COUNTED", 2)
    recruiter = build(
        assign_qualifications=True, group_name="lab", mturk_qualification_blocklist="run-0, never-made"
    )
    for worker in ("A1", "A2"):
        recruiter.qualify(worker, "run-1", 1)
    for worker in ("A3", "A4", "A5"):
        recruiter.qualify(worker, "run-0", 1)
    account = recruiter.read_account({})
    shown = [(one.name, one.exists, one.holders, one.is_partial) for one in account.qualifications]
    assert shown == [
        ("run-1", True, 2, False),
        ("lab", False, 0, False),
        ("run-0", True, 2, True),
        ("never-made", False, 0, False),
    ]
    assert "A1" not in repr(account)


def test_an_account_that_cannot_be_read_is_an_error_that_says_what_to_do(
    turk: MTurkStandIn, recruiter: MTurkRecruiter
) -> None:
    turk.faults.plan("GetAccountBalance", Fault.LOST_REQUEST)
    with pytest.raises(VendorUnreachable, match="Nothing was changed; look again in a minute"):
        recruiter.read_account({})


def test_a_slow_vendor_is_given_up_before_the_time_limit_of_the_request(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "LONGEST", 0.0)
    state = recruiter.recruit(1, "first", {}).recruiter_state
    with pytest.raises(VendorUnreachable, match="Mechanical Turk answers too slowly"):
        recruiter.read_account(state)
