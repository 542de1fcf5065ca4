"""The contract of recruiters: what the port promises holds for every recruiter."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.errors import Busy, Forbidden, VendorError, VendorRefused
from chalicelib.model.participant import Participant
from chalicelib.ports import Capabilities, Recruiter, RecruitmentResult, Transfer
from chalicelib.recruiters.null_recruiter import NullRecruiter

from .subjects import SUBJECTS, WITH_VENDOR, Entry, Subject, Vendor

ROOT = Path(__file__).parents[2]
STATUSES = {"working", "submitted", "approved", "rejected", "returned", "abandoned", None}
METHODS = [name for name, member in vars(Recruiter).items() if inspect.isfunction(member) and name[0] != "_"]
FIRST = "run-1-1-base"
UNKNOWN = Entry("W1", "UNKNOWN", "UNKNOWN", {})


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    with SUBJECTS[request.param]() as running:
        yield running


@pytest.fixture(params=WITH_VENDOR)
def at_vendor(request: pytest.FixtureRequest) -> Iterator[tuple[Subject, Vendor]]:
    with SUBJECTS[request.param]() as running:
        assert running.vendor is not None
        yield running, running.vendor


@pytest.fixture
def recruiter(subject: Subject) -> Recruiter:
    return subject.make()


def transfer(nickname: str, entry: Entry = UNKNOWN, token: str = FIRST) -> Transfer:
    return Transfer(
        recruiter=nickname,
        participant_id=1,
        assignment_id=entry.assignment_id,
        worker_id=entry.worker_id,
        hit_id=entry.hit_id,
        kind="base",
        amount=Decimal("1.50"),
        reason="Thank you",
        token=token,
    )


# What it is


@pytest.mark.parametrize("name", METHODS)
def test_a_recruiter_has_the_methods_of_the_port(recruiter: Recruiter, name: str) -> None:
    promised = list(inspect.signature(getattr(Recruiter, name)).parameters)
    assert list(inspect.signature(getattr(type(recruiter), name)).parameters) == promised


def test_the_port_has_the_methods_that_the_suite_expects() -> None:
    assert len(METHODS) >= 15
    assert {name for name in vars(NullRecruiter) if name in METHODS} == set(METHODS)


def test_the_capabilities_of_a_recruiter_are_frozen(recruiter: Recruiter) -> None:
    stated = recruiter.capabilities
    assert type(stated) is Capabilities
    with pytest.raises(FrozenInstanceError):
        stated.auto_submits = False  # type: ignore[misc]


def test_a_recruiter_has_a_nickname(recruiter: Recruiter) -> None:
    assert re.fullmatch(r"[a-z]+", recruiter.nickname)
    assert recruiter.nickname != NullRecruiter.nickname


# Capabilities and their methods


def test_listings_are_shown_by_a_recruiter_that_has_them(subject: Subject) -> None:
    recruiter = subject.make()
    if recruiter.capabilities.has_listings:
        assert subject.vendor is not None
        entry = subject.vendor.enter(recruiter)
        found = recruiter.fetch_listing(entry.hit_id)
        assert found is not None
        assert found.left == 0
    assert recruiter.fetch_listing("UNKNOWN") is None


def test_an_account_is_shown_without_ids_of_participants_where_there_is_one(subject: Subject) -> None:
    recruiter = subject.make()
    if not recruiter.capabilities.has_account:
        with pytest.raises(VendorRefused):
            recruiter.read_account({})
        return
    assert subject.vendor is not None
    entry = subject.vendor.enter(recruiter)
    account = recruiter.read_account(entry.recruiter_state)
    (listing,) = account.listings
    assert (listing.id, listing.places, listing.free, listing.working) == (entry.hit_id, 1, 0, 1)
    assert entry.worker_id not in repr(account)
    with pytest.raises(VendorError):
        subject.vendor.unreachable().read_account(entry.recruiter_state)


def test_a_signed_entry_link_admits_its_own_worker(recruiter: Recruiter) -> None:
    if not recruiter.capabilities.signs_entries:
        with pytest.raises(Forbidden):
            recruiter.read_entry("https://ring.example.org/ad?entry=x")
        recruiter.check_entry("W1", "H1", "A1", None)
        return
    (address,) = recruiter.recruit(1, "open-1", {}).addresses
    worker_id, assignment_id, signed = recruiter.read_entry(address)
    (hit_id,) = parse_qs(urlsplit(address).query)["hitId"]
    recruiter.check_entry(worker_id, hit_id, assignment_id, signed)
    with pytest.raises(Forbidden):
        recruiter.check_entry("another", hit_id, assignment_id, signed)
    with pytest.raises(Forbidden):
        recruiter.check_entry(worker_id, hit_id, assignment_id, None)


def test_an_entry_is_confirmed_where_the_vendor_knows_it(subject: Subject) -> None:
    recruiter = subject.make()
    if not recruiter.capabilities.confirms_entries:
        recruiter.confirm_entry("W1", "UNKNOWN", "UNKNOWN", {})
        return
    assert subject.vendor is not None
    entry = subject.vendor.enter(recruiter)
    recruiter.confirm_entry(entry.worker_id, entry.hit_id, entry.assignment_id, entry.recruiter_state)
    with pytest.raises((Forbidden, Busy)):
        recruiter.confirm_entry(entry.worker_id, entry.hit_id, "UNKNOWN", entry.recruiter_state)
    if subject.vendor.names_workers:
        with pytest.raises(Forbidden):
            recruiter.confirm_entry("another", entry.hit_id, entry.assignment_id, entry.recruiter_state)


def test_a_replacement_bot_starts_where_the_recruiter_can_start_one(subject: Subject) -> None:
    recruiter = subject.make()
    entry = {"workerId": "W1", "assignmentId": "A1", "hitId": "H1"}
    if recruiter.capabilities.starts_replacement_bots:
        recruiter.start_replacement_bot(entry)
    else:
        with pytest.raises(VendorRefused):
            recruiter.start_replacement_bot(entry)
    assert len(subject.started()) == recruiter.capabilities.starts_replacement_bots


def test_a_message_reaches_a_participant_where_the_recruiter_sends_messages(subject: Subject) -> None:
    recruiter = subject.make()
    if not recruiter.capabilities.sends_messages:
        with pytest.raises(VendorRefused):
            recruiter.send_message("W1", "UNKNOWN", "Week 2", "The session is open.")
        return
    if subject.vendor is None:
        recruiter.send_message("W1", "UNKNOWN", "Week 2", "The session is open.")
        return
    entry = subject.vendor.enter(recruiter)
    subject.vendor.submit(recruiter, entry)
    recruiter.pay(transfer(recruiter.nickname, entry))
    recruiter.send_message(entry.worker_id, entry.hit_id, "Week 2", "The session is open.")
    assert subject.vendor.messages() == 1
    with pytest.raises(VendorRefused) as refused:
        recruiter.send_message("stranger", entry.hit_id, "Week 2", "The session is open.")
    assert "stranger" not in str(refused.value)
    assert subject.vendor.messages() == 1


def test_a_webhook_that_is_not_signed_is_refused(recruiter: Recruiter) -> None:
    has_own = type(recruiter).receive_webhook is not NullRecruiter.receive_webhook
    assert has_own == recruiter.capabilities.receives_webhooks
    with pytest.raises(Forbidden):
        recruiter.receive_webhook({}, b"{}")


# Places


def test_recruiting_returns_state_that_survives_json(recruiter: Recruiter) -> None:
    opened = recruiter.recruit(2, "open-2", {})
    assert type(opened) is RecruitmentResult
    assert opened.message
    assert json.loads(json.dumps(opened.recruiter_state)) == opened.recruiter_state


def test_recruitment_can_be_closed_twice(recruiter: Recruiter) -> None:
    opened = recruiter.recruit(2, "open-2", {})
    closed = recruiter.close_recruitment(opened.recruiter_state)
    again = recruiter.close_recruitment(closed.recruiter_state or opened.recruiter_state)
    assert (closed.message != "", again.addresses) == (True, [])


@pytest.mark.parametrize("is_stored", [True, False])
def test_places_of_one_token_are_opened_once(at_vendor: tuple[Subject, Vendor], *, is_stored: bool) -> None:
    subject, vendor = at_vendor
    first = subject.make().recruit(2, "open-2", {})
    subject.make().recruit(2, "open-2", first.recruiter_state if is_stored else {})
    assert vendor.places() == 2


def test_places_of_another_token_are_added(at_vendor: tuple[Subject, Vendor]) -> None:
    subject, vendor = at_vendor
    first = subject.make().recruit(2, "open-2", {})
    subject.make().recruit(1, "open-3", first.recruiter_state)
    assert vendor.places() == 3


def test_no_place_is_open_after_closing(at_vendor: tuple[Subject, Vendor]) -> None:
    subject, vendor = at_vendor
    opened = subject.make().recruit(2, "open-2", {})
    subject.make().close_recruitment(opened.recruiter_state)
    assert vendor.places() == 0


# Money


def test_a_payment_is_made_once_for_each_token(at_vendor: tuple[Subject, Vendor]) -> None:
    subject, vendor = at_vendor
    recruiter = subject.make()
    entry = vendor.enter(recruiter)
    vendor.submit(recruiter, entry)
    wanted = transfer(recruiter.nickname, entry)
    before = (recruiter.find_payment(wanted), vendor.payments())
    references = {subject.make().pay(wanted) for _ in range(2)}
    assert before == (None, 0)
    assert vendor.payments() == 1
    assert references == {subject.make().find_payment(wanted)}


def test_a_payment_without_a_vendor_has_one_reference_for_each_token(subject: Subject) -> None:
    if subject.vendor is None:
        recruiter = subject.make()
        wanted = transfer(recruiter.nickname)
        reference = recruiter.pay(wanted)
        assert (reference != "", recruiter.pay(wanted)) == (True, reference)
        assert recruiter.pay(transfer(recruiter.nickname, token="another")) != reference


def test_a_simulated_recruiter_calls_no_vendor(subject: Subject) -> None:
    assert not (subject.make().capabilities.is_simulated and subject.vendor)


@pytest.mark.parametrize("amount", ["0", "0.01", "1.50", "20"])
def test_a_fee_is_never_negative(recruiter: Recruiter, amount: str) -> None:
    fee = recruiter.fee(Decimal(amount), 10)
    assert isinstance(fee, Decimal)
    assert fee >= 0
    assert recruiter.fee(Decimal(20), 10) >= fee


# Assignments and workers


def test_the_status_of_an_assignment_is_one_that_petri_knows(subject: Subject) -> None:
    recruiter = subject.make()
    assert recruiter.assignment_status("UNKNOWN", {}) in STATUSES
    if subject.vendor is not None:
        entry = subject.vendor.enter(recruiter)
        assert recruiter.assignment_status(entry.assignment_id, entry.recruiter_state) == "working"
        subject.vendor.submit(recruiter, entry)
        assert recruiter.assignment_status(entry.assignment_id, entry.recruiter_state) == "submitted"
        assert recruiter.assignment_status("UNKNOWN", entry.recruiter_state) is None


def test_the_exit_page_sends_a_participant_to_a_url_or_nowhere(recruiter: Recruiter) -> None:
    participant = Participant(recruiter.nickname, "W1", "A1", "H1")
    participant.id = 1
    participant.status = "submitted"
    address = recruiter.submit_address(participant)
    assert address == "" or urlsplit(address).scheme == "https"


# Errors


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("recruit", (1, "open-1", {})),
        ("pay", (transfer("any"),)),
        ("find_payment", (transfer("any"),)),
        ("assignment_status", ("A1", {})),
    ],
)
def test_an_unreachable_vendor_is_a_vendor_error(
    at_vendor: tuple[Subject, Vendor], method: str, arguments: tuple[Any, ...]
) -> None:
    _, vendor = at_vendor
    with pytest.raises(VendorError):
        getattr(vendor.unreachable(), method)(*arguments)


# The null recruiter, and where capabilities are read


def test_the_null_recruiter_refuses_to_recruit_and_to_pay() -> None:
    null = NullRecruiter()
    assert null.capabilities == Capabilities()
    with pytest.raises(VendorRefused, match="can't open places"):
        null.recruit(1, "open-1", {})
    with pytest.raises(VendorRefused, match="can't pay"):
        null.pay(transfer("null"))


def test_no_capability_is_found_by_its_name() -> None:
    names = "|".join([*METHODS, *(each.name for each in fields(Capabilities))])
    pattern = re.compile(rf"\b(?:getattr|hasattr)\([^\n]*['\"](?:{names})['\"]")
    files = [file for room in ("chalicelib", "infra", "petri") for file in (ROOT / room).rglob("*.py")]
    found = [
        str(file.relative_to(ROOT)) for file in files if pattern.search(file.read_text(encoding="utf-8"))
    ]
    assert len(files) > 400
    assert found == []
