"""Items and elements that are drawn from a pool for each participant, by their tags."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chalicelib.export import write_zip
from chalicelib.study.elements.draws import has_tags
from chalicelib.study.study import Study
from petri.study import Choose, Draw, End, Form, Group, Page, Timed, number, text
from tests.study.mistakes.test_author_mistakes import problem_of
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World

COMPETENCIES = {"f": "fractions", "d": "decimals"}


def sums() -> dict[str, Any]:
    """Six items: three of each competency, of three difficulties."""
    return {
        f"{letter}{level}": number(
            f"{letter}{level}?", right=level, tags={"competency": name, "difficulty": level}
        )
        for letter, name in COMPETENCIES.items()
        for level in (1, 2, 3)
    }


NAMES = tuple(sums())
ONE_EACH = Draw(1, by="competency")


class Exam(Study):
    """One item of each competency, each worth five points, on one page."""

    vars().update(sums())
    timeline = (Form("exam", ask=NAMES, draw=Draw(1, by="competency", points=5)), Page("after"), End())


def drawn(person: Person) -> list[str]:
    return list(due(person)["items"])


def take_exam(here: World, person: Person) -> list[str]:
    names = drawn(person)
    assert answer(person, **{name: int(name[1]) for name in names})["page"] == "after"
    return names


def test_each_participant_gets_one_item_of_each_competency_and_keeps_them(open_study: OpenStudy) -> None:
    here = open_study(Exam, num_participants=20)
    people = [here.arrive() for _ in range(20)]
    found = [drawn(person) for person in people]
    assert {tuple(name[0] for name in names) for names in found} == {("f", "d")}
    assert len({tuple(names) for names in found}) > 4
    assert [drawn(person) for person in people] == found


def test_the_same_seed_draws_the_same_items(open_study: OpenStudy) -> None:
    def found(seed: str) -> list[list[str]]:
        here = open_study(Exam, num_participants=8, run_seed=seed)
        return [drawn(here.arrive()) for _ in range(8)]

    assert found("one") == found("one")
    assert found("one") != found("another")


def test_an_item_that_was_not_drawn_is_refused_and_those_drawn_have_the_points_of_the_draw(
    open_study: OpenStudy,
) -> None:
    here = open_study(Exam)
    person = here.arrive()
    names = drawn(person)
    other = next(name for name in NAMES if name not in names)
    assert answer(person, **dict.fromkeys(names, 1), **{other: 1}).status == 422
    take_exam(here, person)
    assert here.items("place")[0]["points"] == "10"


def test_the_export_says_which_items_were_drawn(open_study: OpenStudy, tmp_path: Path) -> None:
    here = open_study(Exam)
    person = here.arrive()
    names = take_exam(here, person)
    archive = write_zip(here.engine, tmp_path / "exam.zip", app_id="exam")
    with zipfile.ZipFile(archive) as files:
        header, row = files.read("data/participants_wide.csv").decode().splitlines()[:2]
    assert "drawn.exam" in header.split(",")
    assert f'"[""{names[0]}"",""{names[1]}""]"' in row


def test_a_draw_is_kept_when_the_pool_is_corrected(open_study: OpenStudy) -> None:
    here = open_study(Exam)
    person = here.arrive()
    names = drawn(person)
    study = here.app.experiment_class
    study.timeline = (Form("exam", ask=NAMES[::-1], draw=Draw(2)), Page("after"), End())
    study._plan = None
    assert drawn(person) == names


def test_members_of_a_group_have_draws_of_their_own(open_study: OpenStudy) -> None:
    timeline = (Group(4), Form("exam", ask=NAMES, draw=3), End())
    here = open_study(type("Together", (Study,), {**sums(), "timeline": timeline}), num_participants=4)
    people = [here.arrive() for _ in range(4)]
    for person in people:
        due(person)
    assert len({tuple(drawn(person)) for person in people}) > 1


def test_without_ask_the_pool_is_every_item_with_the_tags(open_study: OpenStudy) -> None:
    timeline = (Form("hard", draw=Draw(2, tags={"difficulty": [2, 3]})), End())
    here = open_study(type("Hard", (Study,), {**sums(), "why": text("Why?"), "timeline": timeline}))
    names = drawn(here.arrive())
    assert (len(names), {name[1] for name in names} <= {"2", "3"}) == (2, True)


def test_pages_are_chosen_by_the_tags_of_their_items_and_a_choice_is_kept(open_study: OpenStudy) -> None:
    pages = [Form(name, ask=name) for name in NAMES]
    here = open_study(type("Pages", (Study,), {**sums(), "timeline": (Choose(ONE_EACH, pages), End())}))
    person = here.arrive()
    first = str(due(person)["page"])
    kept = here.items("place")[0]["draws"]["choose drawn"]
    assert (first, [name[0] for name in kept]) == (kept[0], ["f", "d"])
    study = here.app.experiment_class
    study.timeline = (Choose(ONE_EACH, pages[::-1]), End())
    study._plan = None
    assert answer(person, **{first: 1})["page"] == kept[1]
    assert answer(person, **{kept[1]: 1})["kind"] == "end"


@pytest.mark.parametrize("chosen", [True, False])
def test_a_timed_part_counts_what_was_drawn_and_not_the_pool(open_study: OpenStudy, chosen: bool) -> None:
    pages = [Form(name, ask=name) for name in NAMES]
    inside = [Choose(2, pages)] if chosen else [Form("exam", ask=NAMES, draw=2)]
    here = open_study(type("Clocked", (Study,), {**sums(), "timeline": (Timed(1, inside), Page("after"))}))
    person = here.arrive()
    if chosen:
        name = str(due(person)["page"])
        answer(person, **{name: int(name[1])})
    else:
        due(person)
    here.clock.turn(seconds=63)
    here.work()
    rows = [one for item in here.items("response") for one in item["answers"] if one["kind"] == "timed"]
    assert (rows[0]["answer"]["correct"], rows[0]["answer"]["skipped"]) == ((1, 1) if chosen else (0, 2))


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        (Form("exam", ask=NAMES, draw=7), "draws 7 of 6 of its items"),
        (Form("exam", ask=NAMES, draw=Draw(4, by="competency")), "4 of 3 with competency='fractions'"),
        (Form("exam", ask=NAMES, draw=Draw({"sets": 1}, by="competency")), "1 of 0 with competency='sets'"),
        (Form("exam", draw=Draw(1, tags={"difficulty": 9})), "draws 1 of 0 of its items"),
        (Form("exam", ask=NAMES, draw=Draw(1, by="topic")), "draws 1 of 0"),
        (Form("exam", ask=NAMES, draw="two"), "draw='two'; give a number"),
        (Form("exam", ask=NAMES, draw=0), "draws 0; give a number from 1"),
        (Form("exam", ask=NAMES, draw=Draw({"fractions": 1})), "name the tag"),
        (Form("exam", ask=NAMES, draw=Draw(1, points=1.5)), "points=1.5"),
        (Choose(ONE_EACH, [Page("welcome")]), "draws 1 of 0"),
        (Choose(Draw(4, by="competency"), [Form(n, ask=n) for n in NAMES]), "4 of 3 with competency="),
    ],
)
def test_a_pool_that_is_too_small_is_refused(element: Any, problem: str) -> None:
    assert problem in problem_of([element, End()], {"welcome": ""}, **sums())


def test_tags_can_be_words_or_values() -> None:
    assert has_tags({"difficulty": 2}, {"difficulty": [1, 2]})
    assert has_tags(["easy", "sums"], "easy")
    assert has_tags("easy", ["easy"])
    assert not has_tags(["easy"], ["easy", "sums"])
    assert not has_tags((), {"difficulty": 1})
    assert has_tags((), ())


def test_a_pool_that_has_become_too_small_gives_all_that_it_has() -> None:
    pool = {"a": [{"difficulty": 1}], "b": [{"difficulty": 2}]}
    assert sorted(Draw(3).names(random.Random(1), pool)) == ["a", "b"]
