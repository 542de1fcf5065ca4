"""What a reader has practised, on the page of the participant."""

from __future__ import annotations

from tests.study.books.test_practice import Course, OwnWords, go, reader, recalling
from tests.study.studies import OpenStudy, answer, open_study
from tests.web.dashboard.browsers import DashboardBrowser

__all__ = ["open_study"]


def test_the_card_has_a_line_for_each_item_with_its_last_review(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here, "halves")
    answer(person, half=4)
    here.clock.turn(minutes=2)
    go(person)
    answer(person, half=5)
    browser = DashboardBrowser(here)
    page = browser.open(f"participants/{person.id}")
    card = page[page.index('id="practice"') :]
    assert "2 reviews" in card
    assert [word for word in ("half", "good", "again") if word in card] == ["half", "good"]
    assert f"/dashboard/data/reviews?participant_id={person.id}" in card
    assert "book/intro/halves" in browser.open("data/reviews", participant_id=str(person.id))


def test_ratings_by_readers_are_shown(open_study: OpenStudy) -> None:
    here = open_study(OwnWords)
    person = recalling(here)
    answer(person, essay="So.")
    answer(person, essay_rating="easy")
    page = DashboardBrowser(here).open(f"participants/{person.id}")
    assert "easy" in page[page.index('id="practice"') :]


def test_a_participant_who_has_not_practised_has_no_card(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here, "halves")
    assert 'id="practice"' not in DashboardBrowser(here).open(f"participants/{person.id}")
