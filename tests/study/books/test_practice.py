"""Readers practise the questions of pages that they have finished; FSRS schedules each again."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from chalicelib.errors import ExperimentError
from petri.study import Book, Chapter, End, Form, Page, Practice, Study, number, text, upload
from tests.study.studies import OpenStudy, answer, compiled, due
from tests.web.world import Person, World

PRACTICE = "book/more/practice"


class Course(Study):
    """Two pages with questions, one of them graded by a person, and a page for practice."""

    half = number("Half of 10?", right=5, points=2)
    third = number("A third of 9?", right=3)
    essay = text("Why?", grading="manual", points=5, required=False)
    timeline = (
        Book(
            [
                Chapter("intro", [Form("halves", ask=["half", "essay"]), Form("thirds", ask="third")]),
                Chapter("more", [Practice(), Page("last")]),
            ]
        ),
        End(),
    )


def go(person: Person, path: str = PRACTICE) -> Any:
    body = {"serial": due(person)["serial"], "path": path}
    return person.world.post_json("/page/open", body, token=person.token)


def reader(here: World, *pages: str) -> Person:
    """Return a participant who has answered some pages, on the page for practice."""
    person = here.arrive()
    due(person)
    for page in pages:
        go(person, f"book/intro/{page}")
        answer(person, **({"half": 5} if page == "halves" else {"third": 4}))
    go(person)
    return person


def asked(page: Any) -> list[str]:
    return list(page["items"])


def test_nothing_is_due_before_a_page_with_questions_is_finished(open_study: OpenStudy) -> None:
    page = due(reader(open_study(Course)))
    assert (page["path"], asked(page)) == (PRACTICE, [])
    assert "Finish pages with questions" in page["html"]
    assert "<h1>Practice</h1>" in page["html"]


def test_items_of_finished_pages_are_asked_and_those_that_a_person_grades_are_not(
    open_study: OpenStudy,
) -> None:
    person = reader(open_study(Course), "halves", "thirds")
    page = due(person)
    assert asked(page) == ["half"]
    assert '<p class="book-status">Questions that are due: 2</p>' in page["html"]
    page = answer(person, half=5)
    assert (page["path"], asked(page)) == (PRACTICE, ["third"])
    assert "Right." in page["html"]
    page = answer(person, third=3)
    assert page["path"] == "book/more/last"


def test_a_wrong_answer_comes_again_soon_and_links_to_its_page(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here, "halves", "thirds")
    page = answer(person, half=4)
    assert "Not right yet" in page["html"]
    assert 'data-open="book/intro/halves"' in page["html"]
    answer(person, third=3)
    page = go(person)
    assert (asked(page), "Nothing is due now. The next question is due:" in page["html"]) == ([], True)
    here.clock.turn(seconds=61)
    assert asked(due(person)) == ["half"]


def test_the_time_to_the_next_review_grows_while_an_item_is_remembered(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here, "halves")
    days = []
    for _ in range(5):
        assert asked(go(person)) == ["half"]
        answer(person, half=5)
        (card,) = here.items("practice_card")
        before = here.clock.now()
        wait = (datetime.fromisoformat(card["due"]) - before).total_seconds()
        days.append(wait / 86_400)
        here.clock.turn(seconds=wait + 1)
    assert days == sorted(days)
    assert days[0] < 1 < days[2] < days[4]
    assert [one["number"] for one in here.items("review")] == [1, 2, 3, 4, 5]


def test_reviews_do_not_count_as_attempts_and_give_no_points(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here, "halves")
    answer(person, half=1)
    (place,) = here.items("place")
    assert (place["points"], place["attempts"]["|half"], place["answers"][""]["half"]) == ("2", 1, 5)
    answers = [one["item"] for each in here.items("response") for one in each.get("answers", ())]
    assert answers == ["half", "essay"]
    (review,) = here.items("review")
    assert (review["rating"], review["correct"], review["page"]) == ("again", False, "book/intro/halves")


def test_an_item_that_is_shown_stays_although_another_has_become_due(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here, "halves", "thirds")
    answer(person, half=4)
    serial = due(person)["serial"]
    here.clock.turn(seconds=120)
    page = due(person)
    assert (asked(page), page["serial"]) == (["third"], serial)
    assert answer(person, third=3)["path"] == "book/more/last"
    assert asked(go(person)) == ["half"]


def test_a_practice_ends_although_every_answer_is_wrong_and_slow(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here, "halves", "thirds")
    for _ in range(10):
        page = due(person)
        if page["path"] != PRACTICE:
            break
        here.clock.turn(minutes=11)
        answer(person, **dict.fromkeys(asked(page), 0))
    assert due(person)["path"] == "book/more/last"
    assert sorted(one["item"] for one in here.items("review")) == ["half", "third"]


def test_a_slow_right_answer_is_hard(open_study: OpenStudy) -> None:
    here = open_study(Course)
    person = reader(here, "halves")
    body = {"serial": due(person)["serial"], "answers": {"half": 5}, "timings": {"seconds": 90}}
    here.post_json("/page", body, token=person.token)
    assert [one["rating"] for one in here.items("review")] == ["hard"]


def test_each_reader_practises_alone(open_study: OpenStudy) -> None:
    here = open_study(Course)
    answer(reader(here, "halves"), half=5)
    assert asked(due(reader(here, "halves"))) == ["half"]


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        (Practice(retention=0.2), "0.7 to 0.97"),
        (Practice(ask="half"), "has ask"),
        (Practice(slow_seconds=0), "above 0"),
    ],
)
def test_a_practice_that_cannot_work_is_refused(page: Practice, problem: str) -> None:
    assert any(problem in found for found in page.problems())


class OwnWords(Study):
    """A question without a right answer, which readers rate themselves."""

    half = number("Half of 10?", right=5)
    essay = text("Why?", grading="manual", required=False, feedback="Because it is *so*.")
    timeline = (
        Book(
            [
                Chapter("intro", [Form("halves", ask=["half", "essay"]), Form("thirds")]),
                Chapter("more", [Practice(self_rated=["essay"]), Page("last")]),
            ]
        ),
        End(),
    )


def recalling(here: World) -> Person:
    """Return a reader who has answered the question that they rate, on the page for practice."""
    person = here.arrive()
    due(person)
    go(person, "book/intro/halves")
    answer(person, half=5, essay="It is.")
    page = go(person)
    assert asked(page) == ["half"]
    assert asked(answer(person, half=5)) == ["essay"]
    return person


def test_an_item_without_a_right_answer_is_rated_beside_the_answer_and_its_feedback(
    open_study: OpenStudy,
) -> None:
    here = open_study(OwnWords)
    page = answer(recalling(here), essay="I <b>think</b> so.")
    assert (page["path"], asked(page)) == (PRACTICE, ["essay_rating"])
    assert "I &lt;b&gt;think&lt;/b&gt; so." in page["html"]
    assert "Because it is *so*." in page["html"]
    assert [one["item"] for one in here.items("review")] == ["half"]


@pytest.mark.parametrize("rating", ["again", "hard", "good", "easy"])
def test_a_rating_is_a_review(rating: str, open_study: OpenStudy) -> None:
    here = open_study(OwnWords)
    person = recalling(here)
    answer(person, essay="So.")
    page = answer(person, essay_rating=rating)
    assert page["path"] == "book/more/last"
    review = here.items("review")[-1]
    assert (review["item"], review["rating"], review["correct"]) == ("essay", rating, None)
    (card,) = [one for one in here.items("practice_card") if one["item"] == "essay"]
    assert card["reviews"] == 1


def test_ratings_from_again_to_easy_give_longer_intervals(open_study: OpenStudy) -> None:
    waits = []
    for rating in ("again", "hard", "good", "easy"):
        here = open_study(OwnWords)
        person = recalling(here)
        answer(person, essay="So.")
        answer(person, essay_rating=rating)
        (card,) = [one for one in here.items("practice_card") if one["item"] == "essay"]
        waits.append(datetime.fromisoformat(card["due"]) - here.clock.now())
    assert waits == sorted(set(waits))


def test_a_reader_who_leaves_before_rating_rates_when_they_are_back(open_study: OpenStudy) -> None:
    here = open_study(OwnWords)
    person = recalling(here)
    answer(person, essay="So.")
    go(person, "book/intro/thirds")
    assert asked(go(person)) == ["essay_rating"]
    assert len(here.items("review")) == 1


@pytest.mark.parametrize(
    ("self_rated", "problem"),
    [
        (["esay"], "isn't an item; did you mean 'essay'?"),
        (["half"], "has a right answer"),
        (["photo"], "asks for a file"),
        ("essay", "write self_rated=['essay']"),
    ],
)
def test_items_that_readers_cannot_rate_are_refused(self_rated: Any, problem: str) -> None:
    class Wrong(OwnWords):
        photo = upload("A photo", required=False)
        timeline = (
            Book(
                [
                    Chapter(
                        "more", [Form("all", ask=["half", "essay", "photo"]), Practice(self_rated=self_rated)]
                    )
                ]
            ),
            End(),
        )

    with pytest.raises(ExperimentError, match=re.escape(problem)):
        Wrong.use_pages(compiled({}))
