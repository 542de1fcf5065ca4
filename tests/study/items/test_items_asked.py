"""Which items a page asks: those whose `show_if` holds for the player, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from petri.study import End, Form, Study, choice, number, text
from tests.study.studies import OpenStudy, answer, due


class Pets(Study):
    has_pets = choice("Do you have pets?", {"yes": "Yes", "no": "No"})
    how_many = number("How many?", minimum=1, show_if="has_pets == 'yes'")
    why = text("Why not?", show_if="without", required=False)
    timeline = (Form("first", ask="has_pets"), Form("more", ask=["how_many", "why"]), Form("last"), End())

    def without(self, player: Any) -> bool:
        return bool(player.has_pets == "no")


@pytest.mark.parametrize(("given", "asked"), [("yes", ["how_many"]), ("no", ["why"])])
def test_a_page_asks_the_items_whose_condition_holds(
    open_study: OpenStudy, given: str, asked: list[str]
) -> None:
    person = open_study(Pets).arrive()
    page = answer(person, has_pets=given)
    assert list(page["items"]) == asked
    assert ("How many?" in page["html"], "Why not?" in page["html"]) == (given == "yes", given == "no")


def test_an_item_that_is_not_asked_needs_no_answer(open_study: OpenStudy) -> None:
    here = open_study(Pets)
    person = here.arrive()
    answer(person, has_pets="no")
    assert answer(person)["page"] == "last"
    (response,) = [item for item in here.items("response") if item["page"] == "more"]
    assert [entry["item"] for entry in response["answers"]] == ["why"]


def test_an_answer_to_an_item_that_is_not_asked_is_refused_with_a_reason_for_each(
    open_study: OpenStudy,
) -> None:
    here = open_study(Pets)
    person = here.arrive()
    answer(person, has_pets="no")
    with here.unchanged():
        said = answer(person, how_many=2, why="Allergic.", other=1)
    assert (said.status, said.code) == (422, "answers_refused")
    reason = "This page doesn't ask this."
    assert said["items"] == {"how_many": reason, "other": reason}


def test_the_reason_is_in_the_language_of_the_study(open_study: OpenStudy) -> None:
    person = open_study(type("Tiere", (Pets,), {"language": "de"})).arrive()
    answer(person, has_pets="no")
    assert answer(person, how_many=2)["items"] == {"how_many": "Diese Seite fragt nicht danach."}


def test_what_is_shown_is_decided_again_each_time(open_study: OpenStudy) -> None:
    class Growing(Pets):
        timeline = (
            Form("both", ask=["has_pets"]),
            Form("more", ask="how_many"),
            Form("more2", ask="why"),
            End(),
        )

    person = open_study(Growing).arrive()
    assert list(answer(person, has_pets="yes")["items"]) == ["how_many"]
    assert list(answer(person, how_many=1)["items"]) == []
    assert due(person)["page"] == "more2"
