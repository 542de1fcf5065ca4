"""SONA's credit is granted from the server: once, and each of its answers has its meaning."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.errors import ConfigError, VendorRefused, VendorUnreachable
from chalicelib.recruiters.link.sona_credit import MAX_ANSWER, SonaCredit, completion_url
from tests.recruiters.link.sona import Sona

CODE = "48213"


@pytest.fixture
def sona() -> Iterator[Sona]:
    with Sona.running() as running:
        running.signed_up.append(CODE)
        yield running


@pytest.fixture
def credit(sona: Sona) -> SonaCredit:
    return SonaCredit(lambda: sona.url)


def test_a_participant_gets_credit(sona: Sona, credit: SonaCredit) -> None:
    assert credit.grant(CODE) == "sona:700"
    assert sona.credits == {CODE: 1}


def test_a_repeat_changes_nothing(sona: Sona, credit: SonaCredit) -> None:
    credit.grant(CODE)
    assert credit.grant(CODE) == "sona:granted before"
    assert sona.credits == {CODE: 1}


def test_a_refusal_says_why_without_the_code_of_the_participant(credit: SonaCredit) -> None:
    with pytest.raises(VendorRefused) as caught:
        credit.grant("99999")
    assert "Invalid survey_code (code)" in str(caught.value)
    assert "99999" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"", VendorUnreachable),
        (503, b"<html>", VendorUnreachable),
        (404, b"", VendorRefused),
        (302, b"https://example.org/", VendorRefused),
        (200, b"", VendorUnreachable),
        (200, b"<html><p>Sign in", VendorUnreachable),
        (200, b"<WebstudyCreditResponse/>", VendorRefused),
        (200, b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', VendorUnreachable),
        (200, b"<x>" + b" " * MAX_ANSWER + b"</x>", VendorUnreachable),
    ],
)
def test_an_answer_without_credit_is_an_error(
    sona: Sona, credit: SonaCredit, status: int, body: bytes, error: type[Exception]
) -> None:
    sona.faults.append((status, body))
    with pytest.raises(error):
        credit.grant(CODE)
    assert len(sona.requests) == 1
    assert sona.credits == {}


def test_a_server_that_is_away_is_tried_again_and_its_error_hides_the_token() -> None:
    with pytest.raises(VendorUnreachable) as caught:
        SonaCredit(lambda: "http://127.0.0.1:9/credit?experiment_id=1&credit_token=geheim").grant(CODE)
    assert "geheim" not in str(caught.value)


def test_a_code_changes_no_other_part_of_the_address(sona: Sona, credit: SonaCredit) -> None:
    with pytest.raises(VendorRefused):
        credit.grant("1&credit_token=x#y z")
    assert sona.requests[-1].endswith("&survey_code=1%26credit_token%3Dx%23y%20z")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://school.example.org/",
        "ftp://school.example.org/?experiment_id=1&credit_token=2",
        "no address",
    ],
)
def test_another_address_is_refused_with_what_to_copy(address: str) -> None:
    with pytest.raises(ConfigError, match="Server-Side Completion URL"):
        completion_url(address, CODE)
    with pytest.raises(VendorRefused, match="Server-Side Completion URL"):
        SonaCredit(lambda: address).grant(CODE)
