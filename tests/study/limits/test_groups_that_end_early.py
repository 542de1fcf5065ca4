"""With the dropout policy `end`, a group ends with a member who disconnects; the others go on behind it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.operations.realtime import dropouts
from chalicelib.operations.study.flow.members import MAX_TOGETHER
from chalicelib.study.study import Study
from petri.study import (
    Branch,
    Chat,
    Choose,
    Cohort,
    Element,
    End,
    Form,
    Group,
    Live,
    Page,
    Part,
    Rounds,
    Session,
    Shuffle,
    Wait,
    days,
    number,
)
from tests.study.limits.test_members_who_are_gone import exit_reason, gathered, lose
from tests.study.mistakes.test_errors_in_a_live_run import LIVE
from tests.study.mistakes.test_errors_in_a_live_run import arrive as entered
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, Said, World

CHOOSE = Page("choose", ask="effort", seconds=60, on_timeout={"effort": 1})
AFTER = Form("after", ask="opinion")
ROUNDS = Rounds(2, [CHOOSE, Wait(then="pay"), Form("result", ask="opinion")])


class Strict(Study):
    """Members earn a point in each round that they finish."""

    dropout_policy = "end"
    effort = number("Which effort?", minimum=1, maximum=7)
    opinion = number("How was it?", minimum=1, maximum=7)

    def pay(self, group: Any) -> None:
        for player in group.living:
            player.earn(1)

    def high(self, player: Any) -> bool:
        return player.others[0].effort > 3

    def say(self, group: Any, player: Any, message: Any) -> None:
        group.record("said", **message)


def strict(*timeline: Element, **more: Any) -> type[Study]:
    return type("Strict", (Strict,), {"timeline": timeline, **more})


def notices(page: Said) -> bool:
    return "Another member of your group has left" in page["html"]


def pages(*people: Person) -> list[str]:
    return [due(person)["page"] for person in people]


def alone(here: World, count: int = 3) -> list[Person]:
    """Bring people into a group, and let it lose the last of them."""
    people = gathered(here, count)
    for person in people:
        due(person)
    lose(people[-1])
    return people


def test_members_go_on_behind_the_rounds_and_know_why(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(3), ROUNDS, AFTER, Form("last", ask="opinion"), End()))
    one, other, _ = alone(here)
    assert [(due(person)["page"], notices(due(person))) for person in (one, other)] == [("after", True)] * 2
    assert notices(due(one)), "when the page is loaded again"
    following = answer(one, opinion=5)
    assert (following["page"], notices(following)) == ("last", False)


def test_members_reach_the_end_are_paid_and_keep_their_points(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(3), ROUNDS, AFTER, End()), points_per_dollar=10)
    people = gathered(here)
    for person in people:
        answer(person, effort=4)
    here.work()
    lose(people[-1])
    assert pages(*people) == ["after"] * 3
    assert [answer(person, opinion=5)["kind"] for person in people] == ["end"] * 3
    here.work()
    assert [here.owed(person) for person in people] == [{"base": "1.50", "bonus": "0.10"}] * 3
    assert [exit_reason(person) for person in people] == ["dropout"] * 3


def test_the_member_who_was_lost_can_come_back_to_the_page_behind_the_group(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(3), ROUNDS, AFTER, End()))
    gone = alone(here)[-1]
    assert answer(gone, opinion=2)["kind"] == "end"
    here.work()
    assert here.owed(gone)["base"] == "1.50"


def test_the_groups_table_says_why_it_ended(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(3), ROUNDS, AFTER, End()))
    gone = alone(here)[-1]
    (group,) = here.items("study_group")
    assert group["ended_early"] == f"participant {gone.id} has disconnected"
    assert "stopped" not in group


def test_the_pages_of_the_others_are_notified(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(3), ROUNDS, AFTER, End()))
    one, other, gone = gathered(here)
    here.app.run(lambda ctx: dropouts.record_disconnect(ctx, ctx.uow.participant(gone.id)))
    rung = [body["participant_ids"] for body in here.work() if body["kind"] == "ring_doorbell"]
    assert {one.id, other.id} <= {each for ids in rung for each in ids}


def test_a_member_who_was_at_a_wait_goes_on_too(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(3), ROUNDS, AFTER, End()))
    one, other, gone = gathered(here)
    assert answer(one, effort=2)["kind"] == "wait"
    lose(gone)
    assert pages(one, other) == ["after", "after"]


def test_at_the_end_of_the_timeline_the_last_page_says_why(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(2), ROUNDS))
    one, _ = alone(here, 2)
    page = due(one)
    assert (page["kind"], notices(page), page["html"].count("<p")) == ("end", True, 1)
    here.work()
    assert (here.owed(one)["base"], exit_reason(one)) == ("1.50", "dropout")


def test_an_end_with_a_message_of_its_own_keeps_it(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(2), ROUNDS, End(message="Goodbye, and thank you.")))
    one, _ = alone(here, 2)
    assert "Goodbye, and thank you." in due(one)["html"]


@pytest.mark.parametrize(
    ("timeline", "page"),
    [
        pytest.param([CHOOSE, Wait(), Form("between", ask="opinion"), Wait(), AFTER], "after", id="waits"),
        pytest.param([Part("all", [CHOOSE, Wait(), AFTER])], "after", id="a part around everything"),
        pytest.param([Part("work", [CHOOSE]), Wait(), AFTER], "after", id="a wait behind a part"),
        pytest.param(
            [Live("talk", on="say", snapshot=None, script="talk.js", seconds=60), AFTER], "after", id="live"
        ),
        pytest.param([Form("first", ask="opinion"), Chat(seconds=60), AFTER], "after", id="chat"),
        pytest.param([Branch("True", [CHOOSE, Wait(), AFTER], [AFTER])], "after", id="in a branch"),
        pytest.param([CHOOSE, Branch("high", [Wait()], [Wait()]), AFTER], "after", id="before a branch"),
        pytest.param([CHOOSE, Wait(), Page("later", show_if="high"), Wait(), AFTER], "after", id="show_if"),
        pytest.param([Choose(1, [ROUNDS]), AFTER], "after", id="chosen"),
        pytest.param([Shuffle([ROUNDS]), AFTER], "after", id="shuffled"),
        pytest.param([Rounds(2, [Rounds(2, [CHOOSE, Wait()])]), AFTER], "after", id="rounds in rounds"),
        pytest.param([CHOOSE, AFTER], "choose", id="nothing shared"),
    ],
)
def test_members_go_on_behind_the_last_element_that_they_share(
    open_study: OpenStudy, timeline: list[Element], page: str
) -> None:
    here = open_study(strict(Group(2), *timeline, End()))
    one, _ = alone(here, 2)
    assert pages(one) == [page]


def test_a_wait_behind_the_rounds_of_the_group_is_passed_in_the_last_round(open_study: OpenStudy) -> None:
    match = [Group(2, match="partners"), CHOOSE, Wait()]
    here = open_study(strict(Group(2), Rounds(1, match, name="matches"), Wait(), AFTER, End()))
    one, _ = alone(here, 2)
    assert pages(one) == ["after"]


def test_the_others_go_on_to_their_next_group_and_the_lost_member_leaves(open_study: OpenStudy) -> None:
    match = [Group(2, match="strangers"), CHOOSE, Wait()]
    here = open_study(strict(Cohort(4), Rounds(2, match, name="matches"), AFTER, End()))
    people = gathered(here, 4)
    here.work()
    groups = [item["members"] for item in here.items("study_group")]
    first = [member["participant_id"] for member in groups[0]]
    one, gone = (next(person for person in people if person.id == number) for number in first)
    others = [person for person in people if person.id not in first]
    lose(gone)
    assert (due(one)["kind"], due(one)["path"]) == ("wait", "matches[2]/group")
    assert notices(due(one))
    page = due(gone)
    assert (page["kind"], "gone on without you" in page["html"]) == ("end", True)
    for person in others:
        answer(person, effort=3)
    here.work()
    assert {due(person)["path"].partition("/")[0] for person in (one, *others)} == {"matches[2]"}


def test_a_member_in_a_complete_group_after_one_that_ended_has_finished(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(2), CHOOSE, Wait(), Group(2, name="second"), CHOOSE, Wait(), End()))
    one, gone = gathered(here, 2)
    lose(gone)
    assert due(one)["path"] == "second"
    other, lost = gathered(here, 2)
    lose(lost)
    for person in (one, other):
        due(person)
    here.work()
    for person in (one, other):
        answer(person, effort=3)
    assert [due(person)["kind"] for person in (one, other)] == ["end", "end"]
    here.clock.turn(seconds=70)
    here.work()
    released = {item["id"]: item.get("released") for item in here.items("participant")}
    assert (released[one.id], released[other.id]) == (None, None)
    assert (released[gone.id], released[lost.id]) == ("dropout", "dropout")


def test_a_session_on_another_day_follows_for_all(open_study: OpenStudy) -> None:
    again = Session("again", after=days(1), open_for=days(1))
    here = open_study(strict(Group(2), CHOOSE, Wait(), again, Group(2, name="team"), CHOOSE, Wait(), End()))
    people = alone(here, 2)
    assert [due(person)["kind"] for person in people] == ["session"] * 2


def test_a_second_member_who_is_lost_behind_the_group_changes_nothing(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(3), ROUNDS, AFTER, End()))
    one, other, _ = alone(here)
    lose(other)
    assert pages(one, other) == ["after", "after"]


def test_members_of_a_large_group_go_on_too(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(MAX_TOGETHER + 2), CHOOSE, Wait(), AFTER, End()))
    people = gathered(here, MAX_TOGETHER + 2)
    here.work()
    lose(people[-1])
    assert {item["path"] for item in here.items("place")} == {"after"}


def test_a_message_to_a_live_page_of_a_group_that_has_ended_changes_nothing(open_study: OpenStudy) -> None:
    here = open_study(
        strict(Group(2), Live("talk", on="say", snapshot=None, script="talk.js", seconds=60), AFTER, End())
    )
    one, gone = gathered(here, 2)
    serial = due(one)["serial"]
    lose(gone)
    said = here.post_json("/page/live", {"serial": serial, "message": {"text": "hello"}}, token=one.token)
    assert (said["stale"], here.items("live_row")) == (True, [])


def test_an_error_behind_the_group_ends_the_part_of_all_with_pay(open_study: OpenStudy) -> None:
    here = open_study(strict(Group(2), CHOOSE, Wait(), Page("after", show_if="high"), End()), **LIVE)
    people = [entered(here) for _ in range(2)]
    for _ in range(2):
        for person in people:
            due(person)
        here.work()
    lose(people[1])
    found = [due(person) for person in people]
    assert {(page["kind"], "an error has ended the study" in page["html"]) for page in found} == {
        ("end", True)
    }


def test_members_behind_whose_group_no_page_ever_comes_are_released_with_pay(
    open_study: OpenStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.study.plan.MAX_PASSED", 100)

    class Endless(Strict):
        timeline = (
            Group(3),
            ROUNDS,
            Rounds([Page("after", show_if="never")], until="never", most=200),
            End(),
        )

        def never(self, player: Any) -> bool:
            return False

    here = open_study(Endless)
    one, other, _ = alone(here)
    for person in (one, other):
        page = due(person)
        assert (page["kind"], "an error has ended the study" in page["html"]) == ("end", True)
    here.work()
    assert here.owed(one)["base"] == "1.50"


def test_pages_know_that_the_group_has_ended(open_study: OpenStudy) -> None:
    here = open_study(
        strict(Group(2), CHOOSE, Wait(), Page("after"), End()),
        {"after": "{% if group.ended_early %}Too bad.{% endif %}"},
    )
    one, _ = alone(here, 2)
    assert "Too bad." in due(one)["html"]


def test_the_cell_of_a_group_that_has_ended_is_free_again(open_study: OpenStudy) -> None:
    conditions = {"colour": ["red", "blue"]}
    here = open_study(strict(CHOOSE, Group(2), CHOOSE, Wait(), AFTER, End(), conditions=conditions))
    people = [here.arrive() for _ in range(2)]
    for person in people:
        answer(person, effort=1)
    here.work()
    lose(people[-1])
    assert {item["state"] for item in here.items("slot")} == {"freed"}
