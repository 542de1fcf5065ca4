"""Studies in the stock networks: what one participant answers, the next one receives."""

from __future__ import annotations

import pytest

from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.shared.context import Context
from chalicelib.study.study_session import decode_value
from petri import Chain
from petri.study import End, For, Join, Page, Study, text
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person


class Retelling(Study):
    """One text is passed down a chain."""

    story = text("Write down what you remember.", pass_on=True)
    network = Chain(max_size=3)
    copies = 1
    start = ("The war of the ghosts",)
    timeline = (Join(), Page("read"), Page("write", ask="story"), End())


class IteratedLearning(Study):
    """Names of pictures are passed down a chain as one info."""

    name = text("What is it called?", pass_on=True)
    network = Chain(max_size=2)
    start = ([{"picture": "a.png", "name": "wuki"}, {"picture": "b.png", "name": "nemo"}],)
    timeline = (Join(), For("picture", "received", shuffle=True, do=[Page("test", ask="name")]), End())


READ = {"read": "{{ received[0] }}"}


def test_each_participant_receives_what_the_one_before_wrote(open_study: OpenStudy) -> None:
    here = open_study(Retelling, READ)
    heard = []
    for number in range(3):
        person = here.arrive()
        heard.append(due(person)["html"])
        answer(person)
        assert answer(person, story=f"telling {number}")["kind"] == "end"
        here.work()
    assert heard == ["The war of the ghosts", "telling 0", "telling 1"]


@pytest.mark.parametrize(
    "story", ['[{"a": 1}]', "{}", "[" * 5000, '"[1]"', '"quoted"', '"{', "[not json", "\\u005b", "true", "5"]
)
def test_a_text_that_looks_like_json_is_passed_on_as_the_text_that_it_is(
    open_study: OpenStudy, story: str
) -> None:
    here = open_study(Retelling, {"read": "{{ received[0] is string }} {{ received[0] == expected }}"})
    here.app.experiment_class.variables = lambda *_: {"expected": story}
    first, second = here.arrive(), here.arrive()
    due(first)
    answer(first)
    assert answer(first, story=story)["kind"] == "end"
    here.work()
    assert due(second)["html"] == "True True"


def test_a_participant_waits_until_the_one_before_has_answered(open_study: OpenStudy) -> None:
    here = open_study(Retelling, READ)
    first, second = here.arrive(), here.arrive()
    assert due(first)["page"] == "read"
    assert due(second)["kind"] == "wait"
    answer(first)
    answer(first, story="mine")
    here.clock.turn(seconds=5)
    assert due(second)["html"] == "mine"


def test_a_participant_who_finds_no_place_finishes_with_pay(open_study: OpenStudy) -> None:
    here = open_study(Retelling, READ)
    for _ in range(3):
        person = here.arrive()
        due(person)
        answer(person)
        answer(person, story="x")
    late = here.arrive()
    assert due(late)["kind"] == "end"
    here.work()
    assert here.owed(late) == {"base": "1.50"}


def test_a_participant_who_has_returned_their_assignment_while_waiting_takes_no_place(
    open_study: OpenStudy,
) -> None:
    here = open_study(Retelling, READ)
    first, waits = here.arrive(), here.arrive()
    due(first)
    assert due(waits)["kind"] == "wait"

    def give_back(ctx: Context) -> None:
        ctx.uow.participant(waits.id).status = ParticipantStatus.RETURNED

    here.app.run(give_back)
    answer(first)
    answer(first, story="x")
    due(waits)
    here.work()
    assert [node.get("participant_id") for node in here.items("node")].count(waits.id) == 0


def test_a_participant_who_joins_a_network_is_listed_as_one_with_a_seat(open_study: OpenStudy) -> None:
    here = open_study(Retelling, READ)
    first, waits = here.arrive(), here.arrive()
    due(first), due(waits)
    assert {one["id"]: one["seated"] for one in here.items("listed")} == {first.id: True, waits.id: False}


def test_the_end_of_a_participant_who_finds_no_place_has_a_serial_of_its_own(open_study: OpenStudy) -> None:
    timeline = (Page("hello"), *Retelling.timeline)
    here = open_study(
        type("Greeted", (Retelling,), {"timeline": timeline, "network": Chain(max_size=1)}), READ
    )
    first, late = here.arrive(), here.arrive()
    answer(first)
    hello = due(late)["serial"]
    end = answer(late, hello)
    assert (end["kind"], end["serial"] - hello) == ("end", 2)


def test_all_answers_of_a_loop_are_passed_on_as_one_info(open_study: OpenStudy) -> None:
    here = open_study(IteratedLearning, {"test": "{{ picture.picture }} was {{ picture.name }}"})
    first = here.arrive()
    seen = {shown(first)}
    answer(first, name="one")
    seen.add(shown(first))
    assert len(here.items("info")) == 1, "the source's info"
    answer(first, name="two")
    assert seen == {"a.png was wuki", "b.png was nemo"}
    assert len(here.items("info")) == 2
    second = here.arrive()
    assert shown(second) in {"a.png was one", "a.png was two", "b.png was one", "b.png was two"}


def test_answers_of_a_loop_in_a_loop_are_passed_on_with_the_values_of_both(open_study: OpenStudy) -> None:
    class Grid(IteratedLearning):
        timeline = (Join(), For("size", [1, 2], [For("hue", ["red"], [Page("test", ask="name")])]), End())

    here = open_study(Grid, {"test": "{{ size }} {{ hue }}"})
    person = here.arrive()
    for name in ("wuki", "nemo"):
        due(person)
        answer(person, name=name)
    (info,) = here.items("info")[1:]
    assert decode_value(info["contents"]) == [
        {"size": 1, "hue": "red", "name": "wuki"},
        {"size": 2, "hue": "red", "name": "nemo"},
    ]


def test_a_participant_changes_a_network_through_the_timeline_only(open_study: OpenStudy) -> None:
    here = open_study(IteratedLearning, {"test": "{{ picture.name }}"})
    person = here.arrive()
    due(person)
    (node,) = [one["id"] for one in here.items("node") if one.get("participant_id") == person.id]
    (info,) = [one["id"] for one in here.items("info")]
    routes = (
        f"/info/{node}",
        f"/node/{person.id}",
        f"/node/{node}/connect/{node - 1}",
        f"/node/{node}/transmit",
        f"/transformation/{node}/{info}/{info}",
    )
    with here.unchanged():
        for route in routes:
            refused = person.post(route, {"contents": '[{"picture": "x", "name": "not asked for"}]'})
            assert (refused.status, refused.code) == (403, "timeline_decides"), route


def test_a_study_can_let_scripts_of_its_pages_change_networks(open_study: OpenStudy) -> None:
    here = open_study(type("Scripted", (Retelling,), {"participants_change_networks": True}), READ)
    person = here.arrive()
    due(person)
    (node,) = [one["id"] for one in here.items("node") if one.get("participant_id") == person.id]
    assert person.post(f"/info/{node}", {"contents": "by a script"}).status == 200


def shown(person: Person) -> str:
    """The text above the item of the page that is due."""
    return str(due(person)["html"]).partition("<")[0].strip()


class Copies(Retelling):
    """Two chains, whose text looks like JSON."""

    copies = 2
    start = ("[1, 2]",)


def test_the_copies_of_a_network_share_nothing_and_start_with_their_text(open_study: OpenStudy) -> None:
    here = open_study(Copies, READ)
    with here.app.store.begin(here.clock.now()) as work:
        study = here.app.experiment_class(work)
        one, other = study.create_network(), study.create_network()
    one.details["note"] = "only here"
    assert other.details == {}
    assert Copies.network is not None
    assert Copies.network.details == {}
    assert due(here.arrive())["html"].strip() == "[1, 2]"


def test_a_number_of_a_source_is_received_as_the_number_that_it_is() -> None:
    """An `Environment` can have numbers as its states."""
    assert decode_value(0.5) == 0.5
