"""Members who disconnect, groups that don't form, and functions that fail: no member waits for ever."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.management.participant_actions import release_with_pay
from chalicelib.operations.realtime import dropouts
from chalicelib.operations.shared.context import OPERATOR_CALLER, Context
from chalicelib.operations.study.flow.moves import ring
from chalicelib.operations.study.flow.time_limits import MAX_AUTOPLAYED
from chalicelib.operations.study.shared.study_context import session_of
from chalicelib.study.study import Study
from petri.study import End, Group, Page, Part, Rounds, Wait, number
from tests.study.studies import ULTIMATUM_PAGES, OpenStudy, Ultimatum, answer, due
from tests.web.world import Person, World


class Game(Study):
    mine = number("Which number?", minimum=0, maximum=10)
    timeline = [
        Group(3, minimum=2, wait_minutes=5),
        Rounds(2, [Page("name", ask="mine", seconds=60, on_timeout={"mine": 1}), Wait(then="add_up")]),
        End(),
    ]

    def add_up(self, group: Any) -> None:
        for player in group.players:
            player.earn(player.mine)


def without_defaults() -> list[Any]:
    return [Group(3), Page("name", ask="mine"), Wait(then="add_up"), Page("after"), End()]


def lose(person: Person) -> None:
    """Have a participant's socket counted as lost, as the clock does it."""

    def act(ctx: Context) -> None:
        dropouts.record_disconnect(ctx, ctx.uow.participant(person.id))

    person.world.app.run(act)
    person.world.work()


def gathered(here: World, count: int = 3) -> list[Person]:
    people = [here.arrive() for _ in range(count)]
    for person in people:
        due(person)
    here.work()
    return people


def exit_reason(person: Person) -> str:
    records = person.world.items("participant")
    return str(next(one["released"] for one in records if one["id"] == person.id))


def test_a_participant_knows_how_long_they_wait_for_a_group(open_study: OpenStudy) -> None:
    here = open_study(Game)
    person = here.arrive()
    assert due(person)["waits_until"] == 5 * 60
    here.clock.turn(seconds=20)
    assert due(person)["waits_until"] == 5 * 60 - 20


def by(here: World, person: Person) -> list[str]:
    mine = [item for item in here.items("response") if item["participant_id"] == person.id]
    return [item.get("by", "participant") for item in mine]


def test_the_defaults_of_a_departed_member_are_used_and_the_others_go_on(open_study: OpenStudy) -> None:
    here = open_study(Game)
    one, other, gone = gathered(here)
    lose(gone)
    for _ in range(2):
        answer(one, mine=4)
        answer(other, mine=4)
    here.work()
    assert [due(person)["kind"] for person in (one, other)] == ["end", "end"]
    assert by(here, gone) == ["autoplay", "autoplay"]


def test_any_number_of_pages_is_answered_for_a_departed_member(open_study: OpenStudy) -> None:
    ask = Page("name", ask="mine", seconds=60, on_timeout={"mine": 1})
    timeline = [Group(2), Rounds(2 * MAX_AUTOPLAYED + 1, [ask]), Wait(then="add_up"), End()]
    here = open_study(type("Long", (Game,), {"timeline": timeline}))
    one, gone = gathered(here, 2)
    lose(gone)
    here.work()
    assert by(here, gone) == ["autoplay"] * (2 * MAX_AUTOPLAYED + 1)
    assert by(here, one) == []
    assert due(gone)["kind"] == "wait"


def test_doorbells_of_different_names_are_all_rung(open_study: OpenStudy) -> None:
    here = open_study(Game)
    people = gathered(here, 2)

    def act(ctx: Context) -> list[tuple[str, str]]:
        for person in people:
            ring(ctx, [session_of(ctx).place(person.id)], f"to|{person.id}")
        return [message.key for message in ctx.uow.posted]

    assert len(set(here.app.run(act))) == len(people)


def test_a_member_who_returns_plays_on(open_study: OpenStudy) -> None:
    here = open_study(Game)
    one, other, gone = gathered(here)
    lose(gone)
    answer(one, mine=4), answer(other, mine=4)
    here.work()
    assert due(gone)["path"] == "rounds[2]/name"
    answer(gone, mine=9)
    assert by(here, gone) == ["autoplay", "participant"]


def test_a_page_without_defaults_ends_the_group_with_pay_and_without_an_error(open_study: OpenStudy) -> None:
    here = open_study(type("Bare", (Game,), {"timeline": without_defaults()}))
    one, other, gone = gathered(here)
    answer(one, mine=4)
    lose(gone)
    for person in (one, other):
        page = due(person)
        assert (page["kind"], "has left" in page["html"]) == ("end", True)
    assert "The study has ended for you, because a page wasn&#39;t answered." in due(gone)["html"]
    here.clock.turn(minutes=2)
    here.work()
    assert [here.owed(person)["base"] for person in (one, other, gone)] == ["1.50"] * 3
    assert [exit_reason(person) for person in (one, other)] == ["dropout"] * 2
    assert here.items("study_group")[0]["exit_reason"] == "dropout"


def test_a_page_that_needs_a_member_who_has_withdrawn_ends_the_group_with_pay(open_study: OpenStudy) -> None:
    here = open_study(Ultimatum, ULTIMATUM_PAGES)
    people = [here.arrive(), here.arrive()]
    for person in people:
        answer(person)
    here.work()
    pages = {due(person)["page"]: person for person in people}
    assert pages["propose"].post("/withdraw", {"participant_id": pages["propose"].id}).status == 200
    here.work()
    page = due(pages["wait"])
    assert (page["kind"], "has left" in page["html"]) == ("end", True)
    here.work()
    assert here.owed(pages["wait"])["base"] == "1.50"
    assert here.items("study_group")[0]["exit_reason"] == "dropout"


def test_an_error_of_a_page_while_all_members_are_there_stops_no_group(open_study: OpenStudy) -> None:
    here = open_study(Ultimatum, {**ULTIMATUM_PAGES, "propose": "{{ player.accept }}"})
    people = [here.arrive(), here.arrive()]
    for person in people:
        answer(person)
    here.work()
    assert sorted(person.get("/page").status for person in people) == [200, 500]
    assert "stopped" not in here.items("study_group")[0]


def test_members_behind_the_last_wait_finish_when_one_of_them_leaves(open_study: OpenStudy) -> None:
    timeline = [Group(3), Page("first"), Wait(), Page("name", ask="mine"), End()]
    here = open_study(type("Last", (Game,), {"timeline": timeline}))
    one, other, gone = gathered(here)
    for person in (one, other, gone):
        answer(person)
    lose(gone)
    assert answer(one, mine=1)["kind"] == "end"
    assert due(other)["page"] == "name"


def test_a_group_records_whose_page_without_defaults_has_stopped_it(open_study: OpenStudy) -> None:
    timeline = [Group(2), Page("name", ask="mine"), Wait(), End()]
    here = open_study(type("Unanswered", (Game,), {"timeline": timeline}))
    _, gone = gathered(here, 2)
    lose(gone)
    reason = str(here.items("study_group")[0]["stopped"])
    assert f"'name' wasn't answered by participant {gone.id}, and has no defaults" in reason


def test_the_smallest_group_begins_when_the_wait_is_over(open_study: OpenStudy) -> None:
    here = open_study(Game)
    people = gathered(here, 2)
    assert [due(person)["kind"] for person in people] == ["wait", "wait"]
    here.clock.turn(minutes=5, seconds=3)
    here.work()
    assert [due(person)["page"] for person in people] == ["name", "name"]


def test_participants_without_a_group_are_released_with_pay_when_the_wait_is_over(
    open_study: OpenStudy,
) -> None:
    here = open_study(Game)
    (person,) = gathered(here, 1)
    here.clock.turn(minutes=5, seconds=3)
    here.work()
    end = due(person)
    assert end["kind"] == "end"
    sorry = "We are sorry: not enough people came to form a group. You are paid for your time."
    assert sorry in end["html"]
    here.work()
    assert here.owed(person)["base"] == "1.50"
    assert here.items("pooled") == []


def test_a_group_goes_on_without_a_member_whom_the_operator_has_released(open_study: OpenStudy) -> None:
    here = open_study(type("Calm", (Game,), {"add_up": lambda self, group: None}))
    one, other, released = gathered(here)
    for person in (one, other):
        answer(person, mine=2)
    here.app.run(release_with_pay, str(released.id), caller=OPERATOR_CALLER)
    assert "The researchers have ended the study here" in due(released)["html"]
    here.work()
    paths = {item["participant_id"]: item["path"] for item in here.items("place")}
    assert [paths[person.id] for person in (one, other)] == ["rounds[2]/name"] * 2


def test_a_participant_who_is_released_before_their_first_page_sees_the_end_and_is_paid(
    open_study: OpenStudy,
) -> None:
    here = open_study(Game)
    person = here.arrive()
    assert here.items("place") == []
    detail = here.app.run(release_with_pay, str(person.id), caller=OPERATOR_CALLER)
    page = due(person)
    assert (page["kind"], "The researchers have ended the study here" in page["html"]) == ("end", True)
    here.work()
    assert here.owed(person) == {"base": "1.50"}
    assert exit_reason(person) == "released"
    assert detail.id == person.id
    # Another one isn't touched.
    assert due(here.arrive())["kind"] != "end"


def test_a_participant_who_is_released_and_never_opens_a_page_is_paid_once(open_study: OpenStudy) -> None:
    here = open_study(Game)
    person = here.arrive()
    for _ in range(2):
        here.app.run(release_with_pay, str(person.id), caller=OPERATOR_CALLER)
    # They never open the page.
    here.clock.turn(minutes=2)
    here.work()
    assert here.owed(person) == {"base": "1.50"}
    assert len(here.items("place")) == 1


def test_a_participant_who_has_returned_their_assignment_while_waiting_gets_no_seat(
    open_study: OpenStudy,
) -> None:
    here = open_study(Game)
    (returned,) = gathered(here, 1)

    def give_back(ctx: Context) -> None:
        ctx.uow.participant(returned.id).status = ParticipantStatus.RETURNED

    here.app.run(give_back)
    people = gathered(here, 3)
    (group,) = here.items("study_group")
    assert [one["participant_id"] for one in group["members"]] == [person.id for person in people]


def fails(self: Any, *given: Any) -> None:
    raise LookupError("the author's mistake")


def keeps_what_cannot_be_stored(self: Any, group: Any) -> None:
    group.state["oops"] = object()


def misses_a_role(self: Any, group: Any) -> None:
    group.role("boss").earn(1)


@pytest.mark.parametrize("hook", [fails, keeps_what_cannot_be_stored, misses_a_role])
def test_an_error_in_the_function_of_a_wait_stops_the_group_once_and_pays_all(
    open_study: OpenStudy, hook: Any
) -> None:
    here = open_study(type("Failing", (Game,), {"add_up": hook}))
    people = gathered(here)
    for person in people:
        assert answer(person, mine=2).status == 200
    notices = [item for item in here.items("message") if "notify_operator" in str(item["body"])]
    assert len(notices) == 1
    assert [due(person)["kind"] for person in people] == ["end"] * 3
    here.clock.turn(minutes=2)
    here.work()
    assert [here.owed(person)["base"] for person in people] == ["1.50"] * 3
    assert [exit_reason(person) for person in people] == ["error"] * 3


@pytest.mark.parametrize("group", [{"then": "start"}, {"match": fails}])
def test_an_error_while_a_group_forms_releases_those_who_wait_with_pay(
    open_study: OpenStudy, group: dict[str, Any]
) -> None:
    timeline = [Group(2, **group), Page("name", ask="mine"), Wait(), End()]
    here = open_study(type("Failing", (Game,), {"timeline": timeline, "start": fails}))
    people = gathered(here, 2)
    assert [due(person)["kind"] for person in people] == ["end"] * 2
    here.work()
    assert [here.owed(person)["base"] for person in people] == ["1.50"] * 2


def test_an_error_of_an_expression_after_a_wait_stops_the_group(open_study: OpenStudy) -> None:
    timeline = [Group(2), Page("name", ask="mine"), Wait(), Page("after", show_if="start"), End()]
    here = open_study(type("Failing", (Game,), {"timeline": timeline, "start": fails}))
    people = gathered(here, 2)
    for person in people:
        assert answer(person, mine=2).status == 200
    assert [due(person)["kind"] for person in people] == ["end"] * 2


def test_members_who_wait_for_each_other_at_different_elements_are_released_with_pay(
    open_study: OpenStudy,
) -> None:
    timeline = [
        Group(2, roles=["first", "second"]),
        Part("own", [Page("name", ask="mine"), Wait()], role="first"),
        Page("after"),
        Wait(name="all"),
        End(),
    ]
    here = open_study(type("Apart", (Game,), {"timeline": timeline}))
    first, second = gathered(here, 2)
    answer(first, mine=1)
    assert due(first)["kind"] == "wait"
    answer(second)
    assert [due(person)["kind"] for person in (first, second)] == ["end", "end"]
    assert "different elements" in here.items("study_group")[0]["stopped"]
