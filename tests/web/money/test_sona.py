"""Participants from SONA get their credit when they have submitted, also without any money."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.recruiters.link.recruiter import PLACEHOLDER
from tests.recruiters.link.sona import Sona
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying
from tests.web.world import Person

CODE = "48213"


@pytest.fixture
def sona() -> Iterator[Sona]:
    with Sona.running() as running:
        running.signed_up.append(CODE)
        yield running


def run_of(world: NewWorld, sona: Sona, **settings: object) -> Till:
    given = {"base_payment": 0.0, "link_workers": "any", "link_credit": "sona", "sona_credit_url": sona.url}
    return Till(world, paying(), **{"mode": "live", "recruiter": "link", **given, **settings})


def sign_up(till: Till, code: str = CODE) -> Person:
    """Open the study's address as SONA hands it out: with the participant's code."""
    (address,) = till.here.app.recruiters.named("link").recruit(1, "open", {}).addresses
    given = parse_qs(urlsplit(address).query)
    query = {name: values[0].replace(PLACEHOLDER, code) for name, values in given.items()}
    names = ("workerId", "hitId", "assignmentId", "entry", "mode", "recruiter")
    return till.here.arrive(**{name: query[name] for name in names})


def finish(till: Till, person: Person) -> None:
    person.answer(person.join())
    person.finish()
    till.work()


def test_credit_is_granted_when_a_participant_has_submitted(world: NewWorld, sona: Sona) -> None:
    till = run_of(world, sona)
    person = sign_up(till)
    assert sona.requests == []
    finish(till, person)
    assert sona.credits == {CODE: 1}
    assert till.ledger(person) == {"base": "paid"}
    (payment,) = till.here.items("payment")
    assert payment["recruiter_reference"] == "sona:700"


def test_without_credit_a_payment_of_nothing_is_not_recorded(world: NewWorld, sona: Sona) -> None:
    till = run_of(world, sona, link_credit="")
    person = sign_up(till)
    finish(till, person)
    assert till.ledger(person) == {}
    assert sona.requests == []


def test_money_is_paid_by_hand_beside_the_credit(world: NewWorld, sona: Sona) -> None:
    till = run_of(world, sona, base_payment=2.5)
    person = sign_up(till)
    finish(till, person)
    assert sona.credits == {CODE: 1}
    (payment,) = till.here.items("payment")
    assert (payment["status"], payment["recruiter_reference"]) == ("paid", "sona:700")


def test_in_debug_mode_no_credit_is_granted(world: NewWorld, sona: Sona) -> None:
    till = run_of(world, sona, mode="debug")
    person = sign_up(till)
    finish(till, person)
    assert till.ledger(person) == {}
    assert sona.requests == []


def test_credit_is_asked_for_again_when_sona_did_not_answer_and_is_granted_once(
    world: NewWorld, sona: Sona
) -> None:
    till = run_of(world, sona)
    person = sign_up(till)
    sona.faults += [(503, b""), (200, b"cut o")]
    finish(till, person)
    assert till.ledger(person) == {"base": "sending"}
    till.go_on(hours=1)
    assert till.ledger(person) == {"base": "paid"}
    assert len(sona.requests) == 3
    assert sona.credits == {CODE: 1}


def test_a_refused_credit_waits_for_the_operator(world: NewWorld, sona: Sona) -> None:
    till = run_of(world, sona)
    person = sign_up(till)
    sona.signed_up.clear()
    finish(till, person)
    assert till.ledger(person) == {"base": "refused"}
    (notice,) = till.letters.about("refused")
    assert "Invalid survey_code (code)" in notice
    assert CODE not in notice
