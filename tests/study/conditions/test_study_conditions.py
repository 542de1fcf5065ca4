"""Participants and groups of a study are assigned to conditions, and those who leave are replaced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from chalicelib.errors import ExperimentError
from chalicelib.operations.study.design.slots import Slot
from chalicelib.study.design.cell import Cell
from chalicelib.study.study import Study
from petri.study import Conditions, End, For, Group, Page, Wait, choice, latin_square
from tests.study.studies import OpenStudy, answer, due, open_study
from tests.web.conftest import world
from tests.web.world import Person, World

__all__ = ["open_study", "world"]

COLOURS = {"colour": ["red", "blue"], "delay": [0, 5]}


class Survey(Study):
    """A page that shows the condition, one for red only, and a question."""

    conditions: ClassVar[Any] = COLOURS
    sex = choice("What is your sex?", ["female", "male"])
    timeline = (
        Page("first"),
        Page("red", only={"colour": "red"}),
        Page("ask", ask="sex"),
        Page("last"),
        End(),
    )


PAGES = {"first": "{{ condition.colour }} after {{ condition.delay }}", "last": "{{ condition }}"}


def with_design(design: Any, **more: Any) -> type[Study]:
    return type("Designed", (Survey,), {"conditions": design, **more})


def places(here: World) -> list[dict[str, Any]]:
    return [dict(item) for item in here.items("place")]


def cells(here: World) -> Counter[str]:
    """Count the participants by cell who haven't left."""
    return Counter(
        Cell(place["condition"]).key
        for place in places(here)
        if place.get("condition") and place.get("ended") in (None, "complete")
    )


def begun(here: World, count: int) -> list[Person]:
    people = [here.arrive() for _ in range(count)]
    for person in people:
        due(person)
    return people


def finish(person: Person) -> None:
    while due(person)["kind"] != "end":
        answer(person, **({"sex": "female"} if due(person)["page"] == "ask" else {}))


def every_cell(times: int) -> Counter[str]:
    return Counter({cell.key: times for cell in Conditions(COLOURS).cells})


def test_participants_are_assigned_equally_often_with_their_first_page(open_study: OpenStudy) -> None:
    here = open_study(Survey, PAGES)
    begun(here, 8)
    assert cells(here) == every_cell(2)


def test_a_reload_keeps_the_cell(open_study: OpenStudy) -> None:
    here = open_study(Survey, PAGES)
    (person,) = begun(here, 1)
    first = due(person)["html"]
    assert (due(person)["html"], len(here.items("slot"))) == (first, 1)


def test_pages_show_the_condition_and_are_shown_by_it(open_study: OpenStudy) -> None:
    here = open_study(Survey, PAGES)
    shown = []
    for person in begun(here, 4):
        colour = due(person)["html"].partition(" after ")[0].rpartition(">")[2].strip()
        shown.append((colour, answer(person)["page"]))
    assert Counter(shown) == {("red", "red"): 2, ("blue", "ask"): 2}


@pytest.mark.parametrize("how", ["withdraws", "is screened out", "fails the check"])
def test_the_next_participant_gets_the_cell_of_one_who_left(open_study: OpenStudy, how: str) -> None:
    class Leaving(Survey):
        timeline = (
            Page("first"),
            Page("ask", ask="sex"),
            End("screen_out", show_if=lambda player: player.sex == "male"),
            Page("last"),
            End(),
        )

        def attention_check(self, participant: Any) -> bool:
            return how != "fails the check" or participant.id != 1

    here = open_study(Leaving, PAGES, screen_out_payment=0.5)
    people = begun(here, 4)
    if how == "withdraws":
        assert people[0].post("/withdraw", {"participant_id": people[0].id}).status == 200
    elif how == "is screened out":
        answer(people[0])
        assert answer(people[0], sex="male")["kind"] == "end"
    else:
        finish(people[0])
    here.work()
    gone = Cell(places(here)[0]["condition"]).key
    (newcomer,) = begun(here, 1)
    (own,) = [place for place in places(here) if place["participant_id"] == newcomer.id]
    assert Cell(own["condition"]).key == gone
    assert len(here.items("slot")) == 4


def test_a_participant_who_completes_keeps_the_slot(open_study: OpenStudy) -> None:
    here = open_study(Survey, PAGES)
    people = begun(here, 4)
    for person in people:
        finish(person)
    here.work()
    begun(here, 4)
    assert (cells(here), here.items("freed_slot")) == (every_cell(2), [])


@pytest.mark.parametrize(
    ("language", "words"), [("en", "This study is full"), ("de", "Diese Studie ist voll")]
)
def test_a_full_study_releases_the_newcomer_with_pay(
    open_study: OpenStudy, language: str, words: str
) -> None:
    study = with_design(Conditions(COLOURS, most=1))
    here = open_study(type("Full", (study,), {"language": language}), PAGES)
    begun(here, 4)
    late = here.arrive()
    said = due(late)
    assert (said["kind"], words in said["html"]) == ("end", True)
    here.work()
    assert here.owed(late)["base"] == "1.50"
    assert cells(here) == every_cell(1)


def test_a_stratum_that_is_an_item_is_known_when_it_was_answered(open_study: OpenStudy) -> None:
    design = Conditions({"colour": ["red", "blue"]}, assign="stratified", stratify_by="sex")
    timeline = (Page("ask", ask="sex"), Page("red", only={"colour": "red"}), Page("last"), End())
    here = open_study(with_design(design, timeline=timeline))
    people = begun(here, 6)
    assert cells(here) == Counter()
    pages = {
        sex: Counter(answer(person, sex=sex)["page"] for person in some)
        for sex, some in (("female", people[:4]), ("male", people[4:]))
    }
    assert pages == {"female": {"red": 2, "last": 2}, "male": {"red": 1, "last": 1}}


def test_groups_are_assigned_as_groups(open_study: OpenStudy) -> None:
    design = Conditions({"colour": ["red", "blue"]}, per="group")
    timeline = (Group(2), Page("red", only={"colour": "red"}), Page("last"), End())
    here = open_study(with_design(design, timeline=timeline))
    people = begun(here, 8)
    here.work()
    groups = here.items("study_group")
    assert Counter(group["condition"]["colour"] for group in groups) == {"red": 2, "blue": 2}
    by_id = {place["participant_id"]: place["condition"] for place in places(here)}
    for group in groups:
        assert [by_id[member["participant_id"]] for member in group["members"]] == [group["condition"]] * 2
    assert Counter(due(person)["page"] for person in people) == {"red": 4, "last": 4}


def test_the_next_group_gets_the_cell_of_one_that_was_stopped(open_study: OpenStudy) -> None:
    class Failing(Survey):
        conditions = Conditions({"colour": ["red", "blue"]}, per="group")
        timeline = (Group(2), Wait(then="count"), Page("last"), End())

        def count(self, group: Any) -> None:
            if group.players[0].id == 1:
                raise ValueError("An author's mistake.")

    here = open_study(Failing)
    begun(here, 2)
    here.work()
    (stopped,) = here.items("study_group")
    begun(here, 4)
    here.work()
    groups = here.items("study_group")
    assert stopped["stopped"]
    assert Counter(group["condition"]["colour"] for group in groups if not group.get("stopped")) == {
        "red": 1,
        "blue": 1,
    }


def test_groups_for_whom_the_study_is_full_are_released_with_pay(open_study: OpenStudy) -> None:
    design = Conditions({"colour": ["red"]}, per="group", most=1)
    here = open_study(with_design(design, timeline=(Group(2), Page("last"), End())))
    people = begun(here, 4)
    here.work()
    kinds = Counter(due(person)["kind"] for person in people)
    assert (kinds, len(here.items("study_group"))) == ({"page": 2, "end": 2}, 1)


WRONG: Sequence[tuple[Any, str]] = [
    ({"colour": ["red", "red"]}, "has the level red twice"),
    ({"sex": ["a", "b"]}, "'sex' has a name that is taken"),
    ({"round": [1, 2]}, "'round' has a name that is taken"),
    ({"word": [1, 2]}, "'word' has a name that is taken"),
    ({"my colour": ["a"]}, "is not an identifier"),
    (["red", "blue"], "isn't a design"),
    (Conditions({"x": [1, 2]}, exclude=[{"x": 1}]), "No cell covers x=1"),
    (Conditions({"x": [1, 2]}, assign="stratified", stratify_by="age"), "'age', which is not an item"),
]


@pytest.mark.parametrize(("design", "problem"), WRONG)
def test_a_wrong_design_is_refused_when_the_study_is_loaded(
    open_study: OpenStudy, design: Any, problem: str
) -> None:
    timeline = (For("word", ["a"], do=[Page("first")]), Page("ask", ask="sex"), End())
    with pytest.raises(ExperimentError, match=problem) as refused:
        open_study(with_design(design, timeline=timeline))
    assert str(refused.value).count("\n") == 1


def test_orders_within_participants_are_conditions(open_study: OpenStudy) -> None:
    design = Conditions(within={"task": ["a", "b", "c"]})
    here = open_study(
        with_design(design, timeline=(Page("first"), End())), {"first": "{{ condition.task[0] }}"}
    )
    begun(here, 6)
    assert Counter(place["condition"]["task"][0] for place in places(here)) == {"a": 2, "b": 2, "c": 2}


def test_each_participant_goes_through_the_tasks_in_their_order(open_study: OpenStudy) -> None:
    class Tasks(Study):
        conditions = Conditions(within={"sequence": ["easy", "odd", "hard"]})

        def tasks(self, player: Any) -> Any:
            return player.condition["sequence"]

        timeline = (For("task", "tasks", do=[Page("do")]), End())

    here = open_study(Tasks, {"do": "{{ task }}"})
    orders = []
    for _ in range(6):
        person = here.arrive()
        orders.append([])
        while due(person)["kind"] != "end":
            orders[-1].append(due(person)["html"].strip())
            answer(person)
    assert sorted(map(tuple, orders)) == sorted(latin_square(["easy", "odd", "hard"]))


def test_each_stratum_is_balanced_by_itself_although_people_of_several_come_in_turn(
    open_study: OpenStudy,
) -> None:
    design = Conditions({"colour": ["red", "blue"]}, assign="stratified", stratify_by="sex")
    timeline = (Page("ask", ask="sex"), Page("red", only={"colour": "red"}), Page("last"), End())
    here = open_study(with_design(design, timeline=timeline))
    pages: dict[str, list[str]] = {"female": [], "male": []}
    for _ in range(8):
        for sex, found in pages.items():
            (person,) = begun(here, 1)
            found.append(answer(person, sex=sex)["page"])
    pairs = [set(found[start : start + 2]) for found in pages.values() for start in range(0, 8, 2)]
    assert pairs == [{"red", "last"}] * 8
    assert len({Slot.parse(place["slot"]).series for place in places(here)}) == 2


def test_a_stratum_can_be_a_field_of_the_entry_information(open_study: OpenStudy) -> None:
    design = Conditions({"colour": ["red", "blue"]}, assign="stratified", stratify_by="entry.site")
    timeline = (Page("red", only={"colour": "red"}), Page("last"), End())
    here = open_study(with_design(design, timeline=timeline))
    people = [here.arrive(site=site) for _ in range(2) for site in ("north", "south")]
    found = [due(person)["page"] for person in people]
    assert (sorted(found[::2]), sorted(found[1::2])) == (["last", "red"], ["last", "red"])


def test_members_of_a_group_whose_own_conditions_differ_share_none(open_study: OpenStudy) -> None:
    timeline = (Page("first"), Group(2), Page("last"), End())
    here = open_study(with_design({"colour": ["red", "blue"]}, timeline=timeline))
    for person in begun(here, 2):
        answer(person)
    here.work()
    (group,) = here.items("study_group")
    assert group.get("condition", {}) == {}
    assert {place["condition"]["colour"] for place in places(here)} == {"red", "blue"}


def test_members_of_a_group_with_the_same_condition_share_it(open_study: OpenStudy) -> None:
    timeline = (Page("first"), Group(2, match="condition"), Page("last"), End())
    here = open_study(with_design({"colour": ["red", "blue"]}, timeline=timeline))
    for person in begun(here, 4):
        answer(person)
    here.work()
    groups = here.items("study_group")
    assert sorted(group["condition"]["colour"] for group in groups) == ["blue", "red"]
