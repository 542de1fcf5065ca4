"""Grading by peers: who grades which answers, what they see, and what is stored."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import write_zip
from chalicelib.operations.study.groups.peer_seats import rank_answers
from chalicelib.study.study_records import PeerAnswer
from infra.simulated_data.dataset import SimulationSpec, simulate
from petri.data import Data
from petri.study import End, Form, GradePeers, Rounds, Study, text, upload
from tests.browser.study.realtime.test_chatting import CONFIG
from tests.study.mistakes.test_author_mistakes import problem_of
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World

RUBRIC = {"clarity": "Is it <b>clear</b>?", "evidence": "Does it give reasons?"}
NASTY = '<script>alert("x")</script>\n{{ player.id }}'


class Essays(Study):
    """An essay that two others grade."""

    essay = text("Why?", long=True, points=10, grading="peer", required=False)
    timeline = (Form("write", ask="essay"), GradePeers("essay", answers=2, points=4, wait_seconds=30), End())


def with_grading(**more: Any) -> type[Study]:
    grading = GradePeers("essay", **{"answers": 2, "points": 4, "wait_seconds": 30, **more})
    return type("Essays", (Essays,), {"timeline": (Form("write", ask="essay"), grading, End())})


def write(here: World, count: int, essays: dict[int, str | None] | None = None) -> list[Person]:
    """Let participants arrive and write an essay each."""
    people = [here.arrive() for _ in range(count)]
    for number, person in enumerate(people):
        answer(person, essay=(essays or {}).get(number, f"Essay {number}."))
    here.work()
    return people


def shown(here: World, person: Person) -> list[int]:
    """Return the ids of the participants whose answers a person grades."""
    place = next(item for item in here.items("place") if item["participant_id"] == person.id)
    return [one[0] for name, claims in place["draws"].items() if name.endswith(" grades") for one in claims]


def points(here: World, person: Person) -> str:
    place = next(item for item in here.items("place") if item["participant_id"] == person.id)
    return str(place.get("points", "0"))


def test_each_answer_is_graded_by_others_and_the_median_counts(open_study: OpenStudy, tmp_path: Path) -> None:
    here = open_study(Essays, num_participants=3)
    people = write(here, 3)
    for number, person in enumerate(people):
        page = due(person)
        assert (page["kind"], page["page"]) == ("page", "essay_grading")
        assert person.id not in shown(here, person)
        assert answer(person, essay_grade_1=str(number), essay_grade_2=str(number + 2))["kind"] == "end"
    assert Counter(one for person in people for one in shown(here, person)) == Counter(
        {person.id: 2 for person in people}
    )
    data = Data(write_zip(here.engine, tmp_path / "essays.zip", app_id="essays"))
    rows = [row for row in data.responses.list if row["by"] == "peer"]
    given = {(row["participant_id"], row["graded_by"]): (row["percent"], row["answer"]) for row in rows}
    first, second, third = (person.id for person in people)
    assert given == {
        (third, str(first)): (0.0, None),
        (second, str(first)): (0.5, None),
        (third, str(second)): (0.25, None),
        (first, str(second)): (0.75, None),
        (first, str(third)): (0.5, None),
        (second, str(third)): (1.0, None),
    }
    assert [points(here, person) for person in people] == ["6.25", "7.5", "1.25"]
    assert [row["essay"] for row in data.wide().list] == ["Essay 0.", "Essay 1.", "Essay 2."]


def test_answers_are_shown_escaped_and_without_ids(open_study: OpenStudy) -> None:
    here = open_study(with_grading(rubric=RUBRIC, text="Be fair."), num_participants=3)
    people = write(here, 3, {1: NASTY})
    page = due(people[0])
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;<br>{{ player.id }}" in page["html"]
    assert "<script" not in page["html"]
    assert "<b>clear" not in page["html"]
    secrets = [secret for one in people for secret in (one.worker_id, one.assignment_id)]
    assert not any(secret in str(page.body) for secret in secrets)
    assert set(page["items"]) == {"essay_grade_1", "essay_grade_2"}
    assert "Essay 0." not in page["html"]


def test_each_answer_stands_above_the_question_for_its_grade(open_study: OpenStudy) -> None:
    here = open_study(Essays, num_participants=3)
    people = write(here, 3)
    head, *sections = due(people[0])["html"].split('<section class="peer-answer">')
    assert "<h1>Grade the answers of other participants</h1>" in head
    assert [(f"Answer {n}" in one, f"essay_grade_{n}" in one) for n, one in enumerate(sections, 1)] == [
        (True, True),
        (True, True),
    ]


def test_with_a_rubric_the_mean_of_the_criteria_counts(open_study: OpenStudy) -> None:
    here = open_study(with_grading(answers=1, rubric=RUBRIC, points=range(1, 5)), num_participants=2)
    people = write(here, 2)
    due(people[0])
    with here.unchanged():
        refused = answer(people[0], essay_grade_1={"clarity": "2"})
        assert (refused.status, set(refused["items"])) == (422, {"essay_grade_1"})
        assert answer(people[0], essay_grade_1={"clarity": "0", "evidence": "4"}).status == 422
        assert (
            answer(people[0], essay_grade_1={"clarity": "2", "evidence": "4"}, essay_grade_2="4").status
            == 422
        )
    assert answer(people[0], essay_grade_1={"clarity": "2", "evidence": "4"})["kind"] == "end"
    (grade,) = here.items("grade")
    assert grade["participant_id"] == people[1].id
    assert (
        grade["answers"][0] | {"percent": 0.75, "answer": {"clarity": 2, "evidence": 4}}
        == grade["answers"][0]
    )
    assert points(here, people[1]) == "7.5"


def test_a_page_that_is_sent_twice_stores_each_grade_once(open_study: OpenStudy) -> None:
    here = open_study(Essays, num_participants=3)
    people = write(here, 3)
    serial = due(people[0])["serial"]
    grades = {"essay_grade_1": "1", "essay_grade_2": "2"}
    answer(people[0], serial, **grades)
    with here.unchanged():
        assert answer(people[0], serial, **grades)["stale"] is True
    assert len(here.items("grade")) == 2


def test_one_who_waits_in_vain_grades_fewer_or_goes_on(open_study: OpenStudy) -> None:
    here = open_study(Essays, num_participants=3)
    (first,) = write(here, 1)
    assert due(first)["kind"] == "wait"
    here.clock.turn(seconds=33)
    here.work()
    assert due(first)["kind"] == "end"
    (second,) = write(here, 1)
    assert due(second)["kind"] == "wait"
    here.clock.turn(seconds=33)
    here.work()
    page = due(second)
    assert list(page["items"]) == ["essay_grade_1"]
    assert shown(here, second) == [first.id]


def test_answers_that_have_enough_grades_are_shown_only_when_no_others_come(open_study: OpenStudy) -> None:
    here = open_study(Essays, num_participants=4)
    people = write(here, 3)
    for person in people:
        due(person)
    (late,) = write(here, 1)
    assert due(late)["kind"] == "wait"
    here.clock.turn(seconds=33)
    here.work()
    assert len(due(late)["items"]) == 2


def test_an_answer_that_is_missing_or_of_one_who_has_withdrawn_is_not_shown(open_study: OpenStudy) -> None:
    here = open_study(Essays, num_participants=5)
    people = write(here, 2, {0: None})
    people[1].post("/withdraw", {"participant_id": people[1].id})
    here.work()
    people += write(here, 3)
    assert due(people[2])["kind"] == "page"
    assert sorted(shown(here, people[2])) == [people[3].id, people[4].id]


def test_an_answer_that_is_withdrawn_while_it_is_shown_needs_no_grade(open_study: OpenStudy) -> None:
    here = open_study(Essays, num_participants=3)
    people = write(here, 3)
    due(people[0])
    people[1].post("/withdraw", {"participant_id": people[1].id})
    here.work()
    page = due(people[0])
    assert "This answer has been withdrawn." in page["html"]
    assert "Essay 1." not in page["html"]
    assert answer(people[0], essay_grade_1="4", essay_grade_2="3")["kind"] == "end"
    assert [item["participant_id"] for item in here.items("grade")] == [people[2].id]


def seats(here: World) -> dict[int, int]:
    return {item["participant_id"]: len(item.get("graders", ())) for item in here.items("peer_answer")}


def test_grades_that_are_not_given_in_time_are_left_to_others(open_study: OpenStudy) -> None:
    here = open_study(with_grading(seconds=20), num_participants=3)
    people = write(here, 3)
    for person in people:
        due(person)
    assert seats(here) == {people[0].id: 2, people[1].id: 2, people[2].id: 2}
    here.clock.turn(seconds=20)
    assert answer(people[0], timeout=True, essay_grade_1="3")["kind"] == "end"
    assert [item["participant_id"] for item in here.items("grade")] == [people[2].id]
    assert seats(here) == {people[0].id: 2, people[1].id: 1, people[2].id: 2}
    people[2].post("/withdraw", {"participant_id": people[2].id})
    here.work()
    assert seats(here) == {people[0].id: 1, people[1].id: 0, people[2].id: 2}


def test_a_default_answer_is_not_graded(open_study: OpenStudy) -> None:
    timeline = (
        Form("write", ask="essay", seconds=10, on_timeout={"essay": "-"}),
        GradePeers("essay", answers=1, wait_seconds=30),
        End(),
    )
    here = open_study(type("Late", (Essays,), {"timeline": timeline}))
    person = here.arrive()
    due(person)
    here.clock.turn(seconds=13)
    here.work()
    assert due(person)["kind"] == "wait"
    assert here.items("peer_answer") == []


def test_answers_are_graded_within_their_round(open_study: OpenStudy) -> None:
    do = [Form("write", ask="essay"), GradePeers("essay", answers=1, points=4)]
    here = open_study(type("Twice", (Essays,), {"timeline": (Rounds(2, do), End())}), num_participants=2)
    people = write(here, 2)
    for _ in range(2):
        for person in people:
            assert answer(person, essay_grade_1="2")["page"] in ("write", "end")
        for person in people:
            if due(person)["kind"] == "page":
                answer(person, essay="Again.")
    grades = [(item["participant_id"], item["scope"]) for item in here.items("grade")]
    assert sorted(grades) == [(one.id, f"rounds[{n}]") for one in people for n in (1, 2)]


@pytest.mark.parametrize(("count", "each"), [(2, 1), (4, 3), (5, 3), (7, 3), (12, 3), (12, 5), (40, 4)])
def test_participants_who_wait_together_give_every_answer_the_same_number_of_grades(
    count: int, each: int
) -> None:
    answers = [PeerAnswer("essay", "", number, 1) for number in range(1, count + 1)]
    for grader in range(1, count + 1):
        needing = [one for one in rank_answers(answers, grader) if len(one.graders) < each]
        assert len(needing) >= each
        for one in needing[:each]:
            one.graders.append(grader)
    assert {len(one.graders) for one in answers} == {each}


def test_the_attempt_that_counts_is_graded() -> None:
    answers = [PeerAnswer("essay", "", 1, serial) for serial in (4, 2)]
    assert [one.serial for one in rank_answers(answers, 9)] == [4]
    assert [one.serial for one in rank_answers(answers, 9, is_first=True)] == [2]


ESSAY = text("Why?", grading="peer")
WRITE = Form("write", ask="essay")


@pytest.mark.parametrize(
    ("timeline", "items", "problem"),
    [
        ([WRITE, GradePeers("esay")], {}, "did you mean 'essay'?"),
        ([WRITE, GradePeers("essay")], {"essay": text("Why?")}, "give the item grading='peer'"),
        ([GradePeers("essay"), WRITE], {}, "comes before the page that asks the item"),
        ([Rounds(2, [WRITE]), GradePeers("essay")], {}, "inside the same Rounds"),
        ([WRITE, GradePeers("essay")], {"essay": upload("Send.", grading="peer")}, "grade them by hand"),
        (
            [WRITE, GradePeers("essay")],
            {"essay_grade_1": text("?")},
            "'essay_grade_1' has the name of a grade",
        ),
        ([WRITE, GradePeers("essay", answers=0)], {}, "give a number from 1 to 10"),
        ([WRITE, GradePeers("essay", points=0)], {}, "such as range(1, 8)"),
        ([WRITE, GradePeers("essay", points=range(3, 3))], {}, "such as range(1, 8)"),
        ([WRITE, GradePeers("essay", wait_seconds=0)], {}, "give a number above 0"),
        ([WRITE, GradePeers("essay", rubric={"a b": "Clear?"})], {}, "give a text for each criterion"),
        ([WRITE, GradePeers("essay", seconds=-1)], {}, "seconds=-1"),
    ],
)
def test_a_grading_that_cannot_work_is_refused(
    timeline: list[Any], items: dict[str, Any], problem: str
) -> None:
    assert problem in problem_of([*timeline, End()], **{"essay": ESSAY, **items})


STUDY = """
from petri.study import End, Form, GradePeers, Study, text


class Essays(Study):
    essay = text("Why?", points=10, grading="peer")
    timeline = [
        Form("write", ask="essay"),
        GradePeers("essay", answers=2, rubric={"clarity": "Clear?", "depth": "Deep?"}, wait_seconds=20),
        End(),
    ]
"""


def test_bots_grade_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "essays"
    folder.mkdir()
    (folder / "experiment.py").write_text(STUDY, encoding="utf-8")
    (folder / "config.txt").write_text(CONFIG, encoding="utf-8")
    result = simulate(SimulationSpec(folder, 4, tmp_path / "data"))
    grades = [row for row in Data(result.folder).responses.list if row["by"] == "peer"]
    assert (result.participants, result.failed, len(grades)) == (4, 0, 8)
    assert all(set(json.loads(row["answer"])) == {"clarity", "depth"} for row in grades)
