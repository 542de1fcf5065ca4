"""Participants and groups of a study get the cells of its design."""

from __future__ import annotations

from collections import Counter

from chalicelib.study.design.conditions import Conditions
from petri import Chain
from petri.study import End, Form, Group, Join, Page, Study, Wait, choice, text
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import OPERATOR_TOKEN, Person, World


class Colours(Study):
    """One page in two colours."""

    conditions = {"colour": ["red", "blue"]}
    timeline = (Page("look", only={"colour": "red"}), Page("see", only={"colour": "blue"}), End())


class Sexes(Study):
    """Stratified by an answer."""

    sex = choice("Which?", ["m", "f"])
    conditions = Conditions({"colour": ["red", "blue"]}, assign="stratified", stratify_by="sex")
    timeline = (Form("who", ask="sex"), Page("look"), End())


class PairsOfOneColour(Study):
    """Groups share a cell."""

    conditions = Conditions({"colour": ["red", "blue"]}, per="group")
    timeline = (Group(2), Page("look"), Wait(), End())


class ChainsOfOneColour(Study):
    """The members of a chain share a cell."""

    story = text("What do you remember?", pass_on=True)
    conditions = Conditions({"colour": ["red", "blue"]}, per="network")
    network = Chain(max_size=2)
    copies = 2
    start = ("The war of the ghosts",)
    timeline = (Join(), Page("look"), Page("write", ask="story"), End())


LOOK = {"look": "{{ condition.colour }}", "see": "{{ condition.colour }}"}


def colour(person: Person) -> str:
    return str(due(person)["html"]).strip()


def test_the_cells_of_finished_participants_are_balanced_when_some_withdraw(open_study: OpenStudy) -> None:
    here = open_study(Colours, LOOK)
    finished: Counter[str] = Counter()
    for number in range(30):
        person = here.arrive()
        mine = colour(person)
        assert due(person)["page"] == ("look" if mine == "red" else "see")
        if number % 5 == 0:
            withdraw(here, person)
        else:
            answer(person)
            finished[mine] += 1
        here.work()
    assert abs(finished["red"] - finished["blue"]) <= 1


def withdraw(here: World, person: Person) -> None:
    said = person.post("/withdraw", {"participant_id": person.id})
    assert said.status == 200, said
    here.work()


def test_a_stratified_design_is_balanced_within_each_answer(open_study: OpenStudy) -> None:
    here = open_study(Sexes, LOOK)
    seen: Counter[tuple[str, str]] = Counter()
    for number in range(12):
        person = here.arrive()
        mine = "m" if number % 3 else "f"
        answer(person, sex=mine)
        seen[mine, colour(person)] += 1
    assert seen == {("m", "red"): 4, ("m", "blue"): 4, ("f", "red"): 2, ("f", "blue"): 2}


def test_the_members_of_a_group_have_its_cell(open_study: OpenStudy) -> None:
    here = open_study(PairsOfOneColour, LOOK)
    people = [here.arrive() for _ in range(8)]
    for person in people:
        due(person)
        here.work()
    colours = [colour(person) for person in people]
    assert colours[::2] == colours[1::2]
    assert Counter(colours) == {"red": 4, "blue": 4}
    assert here.get("/summary", token=OPERATOR_TOKEN).status == 200


def test_the_members_of_a_network_have_its_cell(open_study: OpenStudy) -> None:
    here = open_study(ChainsOfOneColour, LOOK)
    colours: dict[int, list[str]] = {}
    for _ in range(4):
        person = here.arrive()
        mine = colour(person)
        answer(person)
        answer(person, story="ghosts")
        here.work()
        (place,) = [item for item in here.items("place") if item["participant_id"] == person.id]
        colours.setdefault(place["network_id"], []).append(mine)
    assert sorted(colours.values()) == [["blue", "blue"], ["red", "red"]]
