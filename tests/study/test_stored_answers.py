"""What is stored about the answers of a page: the response, the points, and what is passed on."""

from __future__ import annotations

from petri import Chain
from petri.study import End, Join, Page, Rounds, Study, choice, text
from tests.study.studies import OpenStudy, answer, due


class Quiz(Study):
    """A question that is asked twice in each round."""

    fruit = choice(
        "Which is a fruit?",
        ["apple", "bread"],
        right="apple",
        points=2,
        feedback={"correct": "Well done.", "incorrect": "Try again."},
    )
    timeline = (
        Rounds(2, [Page("first", ask="fruit"), Page("second", ask="fruit")]),
        End(),
    )


class Story(Study):
    """Two answers of one page are passed on."""

    title = text("What is the title?", pass_on=True)
    story = text("Write down what you remember.", pass_on=True)
    network = Chain(max_size=2)
    start = ({"title": "War", "story": "Ghosts came."},)
    timeline = (Join(), Page("write", ask=["title", "story"]), End())


def test_a_response_has_the_place_the_times_and_the_grade_of_its_answers(open_study: OpenStudy) -> None:
    here = open_study(Quiz)
    person = here.arrive()
    serial = due(person)["serial"]
    here.clock.turn(seconds=7)
    body = {"serial": serial, "answers": {"fruit": "bread"}, "timings": {"seconds": 6.5}}
    person.world.post_json("/page", body, token=person.token)
    answer(person, fruit="apple")
    first, second = here.items("response")
    fields = ("page", "path", "scope", "round", "shown_at", "answered_at", "seconds", "seconds_client")
    assert {name: first[name] for name in fields} == {
        "page": "first",
        "path": "rounds[1]/first",
        "scope": "rounds[1]",
        "round": 1,
        "shown_at": "2026-03-01T12:00:00.000000Z",
        "answered_at": "2026-03-01T12:00:07.000000Z",
        "seconds": 7,
        "seconds_client": 6.5,
    }
    entry = {"item": "fruit", "kind": "choice"}
    wrong = {"answer": "bread", "attempt": 1, "correct": False, "percent": 0, "comment": "Try again."}
    right = {"answer": "apple", "attempt": 2, "correct": True, "percent": 1, "comment": "Well done."}
    assert (first["answers"], second["answers"]) == ([entry | wrong], [entry | right | {"points": "2"}])


def test_the_last_attempts_of_all_rounds_add_up_to_the_points(open_study: OpenStudy) -> None:
    here = open_study(Quiz)
    person = here.arrive()
    for fruit in ("bread", "apple", "apple", "apple"):
        answer(person, fruit=fruit)
    (place,) = here.items("place")
    assert place["points"] == "4"


def test_several_answers_of_a_page_are_passed_on_as_one_object(open_study: OpenStudy) -> None:
    here = open_study(Story, {"write": "{{ received[0].title }}: {{ received[0].story }}"})
    first, second = here.arrive(), here.arrive()
    due(first)
    answer(first, title="Ghosts", story="A war.")
    here.work()
    assert due(second)["html"].startswith("Ghosts: A war.")
