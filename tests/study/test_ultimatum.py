"""The ultimatum game, from the first page to the pay."""

from __future__ import annotations

from tests.study.studies import ULTIMATUM_PAGES, OpenStudy, Ultimatum, answer, due
from tests.web.world import Person, World


def pair(here: World) -> tuple[Person, Person]:
    one, other = here.arrive(), here.arrive()
    answer(one)
    assert due(one)["kind"] == "wait"
    answer(other)
    here.work()
    return one, other


def test_a_pair_plays_three_rounds_and_is_paid_by_the_result(open_study: OpenStudy) -> None:
    here = open_study(Ultimatum, ULTIMATUM_PAGES, points_per_dollar=10, initial_recruitment_size=2)
    proposer, responder = pair(here)
    for round_, (offer, reply) in enumerate([(4, "yes"), (1, "no"), (5, "yes")], 1):
        assert due(proposer)["path"] == f"rounds[{round_}]/propose"
        assert due(responder)["kind"] == "wait"
        assert answer(proposer, offer=offer)["kind"] == "wait"
        assert f"They offer {offer}." in due(responder)["html"]
        assert answer(responder, accept=reply)["page"] == "result"
        assert due(proposer)["page"] == "result"
        answer(proposer)
        answer(responder)
    assert answer(proposer)["kind"] == "end"
    assert answer(responder)["kind"] == "end"
    here.work()
    assert here.owed(proposer) == {"base": "1.50", "bonus": "1.10"}
    assert here.owed(responder) == {"base": "1.50", "bonus": "0.90"}


def test_a_page_shows_the_answers_of_its_round_when_the_other_is_ahead(open_study: OpenStudy) -> None:
    here = open_study(Ultimatum, {"result": 'Offered: {{ group.role("proposer").offer }}'})
    proposer, responder = pair(here)
    answer(proposer, offer=4)
    answer(responder, accept="yes")
    answer(proposer)
    answer(proposer, offer=9)
    assert due(responder)["path"] == "rounds[1]/result"
    assert "Offered: 4" in due(responder)["html"]
