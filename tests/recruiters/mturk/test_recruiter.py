"""What became of assignments, fees, addresses, keys and trouble on the line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from chalicelib.errors import ConfigError, VendorError, VendorRefused, VendorUnreachable
from chalicelib.model.participant import Participant
from chalicelib.recruiters.mturk import MTurkRecruiter
from chalicelib.recruiters.mturk import build as build_from_settings
from chalicelib.recruiters.mturk.mturk_errors import TurkRefused
from chalicelib.recruiters.mturk.requester import ENDPOINTS, Requester, connect
from infra.emulator.mturk import ACCESS_KEY, SECRET_KEY, Fault, MTurkStandIn

from .conftest import BASE, SETTINGS, transfer

# What became of an assignment


@pytest.fixture
def recruiter_state(recruiter: MTurkRecruiter) -> dict:
    return recruiter.recruit(3, "first", {}).recruiter_state


@pytest.fixture
def accepted(turk: MTurkStandIn, recruiter_state: dict) -> str:
    return turk.market.accept("A1", recruiter_state["hits"][0]["id"])


def test_an_assignment_under_way_is_working(recruiter: MTurkRecruiter, recruiter_state: dict, accepted: str):
    assert recruiter.assignment_status(accepted, recruiter_state) == "working"


def test_a_submitted_assignment_is_submitted(
    turk, recruiter: MTurkRecruiter, recruiter_state: dict, accepted: str
):
    turk.market.submit(accepted)
    assert recruiter.assignment_status(accepted, recruiter_state) == "submitted"


def test_an_approved_assignment_is_approved(
    turk, recruiter: MTurkRecruiter, recruiter_state: dict, accepted: str
):
    turk.market.submit(accepted)
    turk.market.pass_time(days=4)
    assert recruiter.assignment_status(accepted, recruiter_state) == "approved"


def test_a_rejected_assignment_is_rejected(
    turk, recruiter: MTurkRecruiter, recruiter_state: dict, accepted: str
):
    turk.market.submit(accepted)
    turk.operations.reject_assignment({"AssignmentId": accepted, "RequesterFeedback": "no"})
    assert recruiter.assignment_status(accepted, recruiter_state) == "rejected"


def test_an_assignment_that_ran_out_of_time_is_abandoned(
    turk, recruiter: MTurkRecruiter, recruiter_state: dict, accepted: str
):
    turk.market.pass_time(hours=1)
    assert recruiter.assignment_status(accepted, recruiter_state) == "abandoned"


def test_an_unknown_assignment_has_no_fate(recruiter: MTurkRecruiter, recruiter_state: dict):
    assert recruiter.assignment_status("3UNKNOWN", recruiter_state) is None


def test_an_assignment_id_that_cant_be_one_has_no_fate(recruiter: MTurkRecruiter, recruiter_state: dict):
    assert recruiter.assignment_status("debug_1", recruiter_state) is None


def test_an_error_is_not_an_assignment_status(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, recruiter_state: dict, accepted: str
):
    turk.faults.plan("GetAssignment", Fault.TROUBLE)
    with pytest.raises(VendorUnreachable):
        recruiter.assignment_status(accepted, recruiter_state)


# Fees and money


@pytest.mark.parametrize(
    ("amount", "places", "fee"),
    [
        ("1.50", 1, "0.30"),
        ("1.50", 9, "0.30"),
        ("1.50", 10, "0.60"),
        ("0.01", 1, "0.01"),
        ("0.04", 9, "0.01"),
        ("0.00", 5, "0"),
    ],
)
def test_the_fee_is_a_fifth_or_two_fifths_from_ten_places(
    recruiter: MTurkRecruiter, amount: str, places: int, fee: str
):
    assert recruiter.fee(Decimal(amount), places) == Decimal(fee)


@pytest.mark.parametrize("places", [9, 10])
def test_the_fee_is_the_one_that_is_charged(turk: MTurkStandIn, recruiter: MTurkRecruiter, places: int):
    hit_id = recruiter.recruit(places, "first", {}).recruiter_state["hits"][0]["id"]
    assignment = turk.market.accept("A1", hit_id)
    turk.market.submit(assignment)
    turk.operations.approve_assignment({"AssignmentId": assignment})
    assert turk.books().entries[0].fee == recruiter.fee(Decimal("1.50"), places)


def test_the_balance_is_what_can_be_spent(turk: MTurkStandIn, recruiter: MTurkRecruiter):
    turk.market.balance = Decimal("12.34")
    assert recruiter.balance() == Decimal("12.34")


# The addresses for submissions


def leaving(**entry: str) -> Participant:
    participant = Participant.blank()
    participant.id, participant.assignment_id, participant.entry_information = 7, "3A", entry
    return participant


def test_the_exit_page_leads_to_turks_address(recruiter: MTurkRecruiter):
    address = recruiter.submit_address(leaving(turkSubmitTo="https://www.mturk.com"))
    assert address == "https://www.mturk.com/mturk/externalSubmit?assignmentId=3A&participantId=7"


@pytest.mark.parametrize(
    "site", ["", "https://evil.example", "https://www.mturk.com.evil.example", "//x", "http://"]
)
def test_the_exit_page_leads_nowhere_else(recruiter: MTurkRecruiter, site: str):
    address = recruiter.submit_address(leaving(turkSubmitTo=site))
    assert address.startswith("https://workersandbox.mturk.com/mturk/externalSubmit?")


# Keys and the line


@pytest.mark.parametrize(("mode", "market"), [("live", "live"), ("sandbox", "sandbox"), ("debug", "sandbox")])
def test_only_live_mode_goes_to_the_live_market(turk: MTurkStandIn, mode: str, market: str):
    config = {**SETTINGS, "mode": mode, "aws_access_key_id": "a", "aws_secret_access_key": "b"}
    made = build_from_settings(config, lambda: BASE, turk.clock, app_id="run-1")
    endpoint = made._requester._client.meta.endpoint_url
    made.close()
    assert endpoint == ENDPOINTS[market]


@pytest.mark.parametrize("missing", ["aws_access_key_id", "aws_secret_access_key"])
def test_half_a_pair_of_keys_is_refused(missing: str):
    config = {"aws_access_key_id": "a", "aws_secret_access_key": "b", missing: ""}
    with pytest.raises(ConfigError, match=f"{missing} is not set"):
        connect(config, "sandbox")


def balance_with(turk: MTurkStandIn, key: str, attempts: int = 1) -> Decimal:
    requester = Requester("sandbox", key, SECRET_KEY, endpoint=turk.url, attempts=attempts)
    try:
        return MTurkRecruiter(requester, {}, lambda: BASE, turk.clock, app_id="run-1").balance()
    finally:
        requester.close()


def test_wrong_keys_are_reported_with_the_fix(turk: MTurkStandIn):
    with pytest.raises(TurkRefused, match=r"doesn't know these keys .* set aws_access_key_id"):
        balance_with(turk, "AKIAWRONG")


def test_a_call_that_fails_once_is_retried_immediately(turk: MTurkStandIn):
    turk.faults.plan("GetAccountBalance", Fault.TROUBLE)
    assert balance_with(turk, ACCESS_KEY, attempts=2) == Decimal("1000.00")


@pytest.mark.parametrize("fault", list(Fault))
def test_no_fault_of_the_line_is_a_final_no(turk: MTurkStandIn, recruiter: MTurkRecruiter, fault: Fault):
    turk.faults.plan("GetAccountBalance", fault)
    with pytest.raises(VendorUnreachable):
        recruiter.balance()


def test_a_server_that_isnt_there_is_unreachable(turk: MTurkStandIn):
    requester = Requester("sandbox", "a", "b", endpoint="http://127.0.0.1:9", attempts=1)
    with pytest.raises(VendorUnreachable, match="gave no answer"):
        requester.ask("get_account_balance")
    requester.close()


def test_parameters_that_cant_be_sent_are_a_final_no(requester: Requester):
    with pytest.raises(TurkRefused, match="can't be asked for get_hit"):
        requester.ask("get_hit")


def test_no_error_of_the_client_leaves_the_adapter(turk: MTurkStandIn, requester: Requester):
    with pytest.raises(VendorError):
        requester.ask("get_hit", HITId="not an id")


def test_a_message_that_the_worker_cannot_get_at_the_moment_is_sent_later(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str
):
    # Messages reach only workers whose work was approved.
    recruiter.pay(transfer(assignment))
    turk.market.unreachable["A1"] = "SoftFailure"
    with pytest.raises(VendorUnreachable, match="it is tried again"):
        recruiter.send_message("A1", assignment, "The session is open", "Come back.")
    assert turk.market.mails == []
    del turk.market.unreachable["A1"]
    recruiter.send_message("A1", assignment, "The session is open", "Come back.")
    assert turk.market.mails == [("A1", "The session is open")]


def test_a_message_that_the_worker_never_gets_is_a_final_no(
    turk: MTurkStandIn, recruiter: MTurkRecruiter, assignment: str
):
    turk.market.unreachable["A1"] = "HardFailure"
    with pytest.raises(VendorRefused, match="doesn't notify this worker"):
        recruiter.send_message("A1", assignment, "The session is open", "Come back.")
