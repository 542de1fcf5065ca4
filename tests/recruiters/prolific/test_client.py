from __future__ import annotations

import pytest

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.recruiters.prolific.client import ProlificClient
from tests.tools.prolific import TOKEN

from .conftest import transfer


@pytest.fixture
def client(vendor):
    return ProlificClient(TOKEN, vendor.api)


def test_a_list_is_read_to_its_last_page(client, vendor):
    vendor.world.groups.update({str(n): {"id": str(n), "name": str(n)} for n in range(7)})
    assert [group["id"] for group in client.list("/participant-groups/")] == list("0123456")


def test_the_token_is_never_sent_to_another_host(client, vendor):
    vendor.world.groups.update({str(n): {"id": str(n), "name": str(n)} for n in range(7)})
    vendor._routes.origin = lambda: "http://127.0.0.1:9/api/v1"
    with pytest.raises(VendorUnreachable, match="foreign address"):
        list(client.list("/participant-groups/"))


def test_a_server_that_is_not_there_may_be_there_later():
    with pytest.raises(VendorUnreachable):
        ProlificClient(TOKEN, "http://127.0.0.1:9/api/v1").get("/studies/")


def test_prolifics_own_words_are_passed_on(client):
    with pytest.raises(VendorRefused, match="Missing: name, description"):
        client.post("/studies/", {})


def test_the_token_is_not_shown(client):
    assert TOKEN not in repr(client)


def test_a_submission_that_prolific_works_on_is_asked_about_later(recruiter, vendor, at_work):
    vendor.world.submissions[at_work]["status"] = "PROCESSING"
    with pytest.raises(VendorUnreachable, match="still at work"):
        recruiter.pay(transfer(vendor, at_work, "base", "2.00"))


def test_a_submission_that_timed_out_is_refused_in_prolifics_words(recruiter, vendor, at_work):
    vendor.time_out(at_work)
    with pytest.raises(VendorRefused, match="TIMED-OUT"):
        recruiter.pay(transfer(vendor, at_work, "base", "2.00"))
