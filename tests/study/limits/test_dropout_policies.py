"""What happens when a member of a group disconnects: wait, go on, or a bot."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.operations.realtime import dropouts
from chalicelib.operations.shared.context import Context
from chalicelib.recruiters.bots import BotRecruiter
from petri.study import End, Form, Group, Page, Rounds, Study, Timed, Wait, number
from tests.study.limits.test_members_who_are_gone import by, gathered, lose
from tests.study.studies import OpenStudy, answer, due
from tests.web.world import Person, World


class Efforts(Study):
    """Two rounds in a group of three, and a question that each member answers alone."""

    effort = number("Which effort?", minimum=1, maximum=7)
    opinion = number("How was it?", minimum=1, maximum=7)

    def close_round(self, group: Any) -> None:
        group.record("round", efforts=[player.effort for player in group.living])
        for player in group.living:
            player.keep(silent=[*player.get("silent", []), player.missed("effort")])


def efforts(policy: str, patience: float | None = None) -> type[Efforts]:
    group = Group(3, dropout_policy=policy, patience_seconds=patience)
    page = Page("choose", ask="effort", seconds=60, on_timeout={"effort": 1})
    timeline = [group, Rounds(2, [page, Wait(then="close_round")]), Form("after", ask="opinion"), End()]
    return type("Policies", (Efforts,), {"timeline": timeline})


def seated(here: World, count: int = 3) -> list[Person]:
    """Bring participants together, to the first page of their group."""
    people = gathered(here, count)
    for person in people:
        due(person)
    return people


def return_(person: Person) -> None:
    """Have a participant's socket opened again."""

    def act(ctx: Context) -> None:
        dropouts.record_return(ctx, ctx.uow.participant(person.id))

    person.world.app.run(act)
    person.world.work()


def chosen(here: World) -> list[list[int]]:
    """The efforts of each round, as they were recorded when it closed."""
    return [[int(one) for one in row["values"]["efforts"]] for row in here.items("live_row")]


def turn(here: World, seconds: float) -> None:
    """Let time pass, with what is due meanwhile."""
    for _ in range(int(seconds)):
        here.clock.turn(seconds=1)
        here.work()


def paused(*people: Person) -> list[bool]:
    return [bool(due(person)["paused"]) for person in people]


# Wait


def test_the_clocks_of_a_group_stand_still_until_a_member_returns(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait", 90))
    one, other, gone = seated(here)
    turn(here, 20)
    lose(gone)
    assert paused(one, other) == [True, True]
    assert due(one)["seconds_left"] == 40
    turn(here, 80)
    assert (due(one)["seconds_left"], due(one)["path"]) == (40, "rounds[1]/choose")
    return_(gone)
    turn(here, 35)
    assert (due(one)["seconds_left"], due(one)["paused"]) == (5, None)
    turn(here, 8)
    assert due(gone)["path"] == "rounds[2]/choose"
    assert chosen(here) == [[1, 1, 1]]
    assert by(here, gone) == ["timeout"]


def test_an_answer_counts_while_the_clocks_stand_still(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait", 90))
    one, _, gone = seated(here)
    lose(gone)
    turn(here, 70)
    assert answer(one, effort=5)["kind"] == "wait"
    assert by(here, one) == ["participant"]


def test_a_page_whose_own_clock_is_over_gets_the_time_that_is_left(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait", 90))
    one, _, gone = seated(here)
    lose(gone)
    turn(here, 61)
    found = answer(one, timeout=True, effort=5)
    assert (found["path"], found["seconds_left"]) == ("rounds[1]/choose", 60)
    assert by(here, one) == []


def test_after_its_patience_the_group_goes_on_without_the_member(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait", 30))
    one, other, gone = seated(here)
    answer(one, effort=4), answer(other, effort=5)
    lose(gone)
    turn(here, 29)
    assert paused(one, other) == [True, True]
    turn(here, 2)
    assert paused(one, other) == [False, False]
    assert chosen(here) == [[4, 5]]
    assert due(one)["path"] == "rounds[2]/choose"
    page = due(gone)
    assert (page["kind"], "gone on without you" in page["html"]) == ("end", True)
    here.work()
    assert here.owed(gone)["base"] == "1.50"


def test_a_request_of_the_member_ends_the_pause_before_their_socket_is_open(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait", 30))
    one, _, gone = seated(here)
    lose(gone)
    assert paused(one) == [True]
    assert due(gone)["paused"] is None
    turn(here, 40)
    assert (paused(one), due(gone)["path"]) == ([False], "rounds[1]/choose")


def test_a_second_absence_has_a_patience_of_its_own(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait", 30))
    one, _, gone = seated(here)
    lose(gone)
    turn(here, 20)
    return_(gone)
    lose(gone)
    turn(here, 20)
    assert paused(one) == [True]
    turn(here, 11)
    assert (paused(one), due(gone)["kind"]) == ([False], "end")


def test_the_clocks_go_on_when_the_last_of_two_members_is_back(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait", 90))
    one, other, gone = seated(here)
    lose(gone)
    turn(here, 10)
    lose(other)
    turn(here, 10)
    return_(gone)
    assert paused(one) == [True]
    turn(here, 10)
    return_(other)
    assert (paused(one), due(one)["seconds_left"]) == ([False], 60)


def test_a_member_who_withdraws_while_they_are_away_ends_the_pause(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait", 90))
    one, _, gone = seated(here)
    lose(gone)
    assert gone.post("/withdraw", {"participant_id": gone.id}).status == 200
    here.work()
    assert paused(one) == [False]


def test_the_clock_of_a_timed_part_stands_still_too(open_study: OpenStudy) -> None:
    timeline = [
        Group(2, dropout_policy="wait", patience_seconds=90),
        Timed(1, [Page("choose", ask="effort"), Page("again", ask="opinion")]),
        Wait(),
        End(),
    ]
    here = open_study(type("Parts", (Efforts,), {"timeline": timeline}))
    one, gone = seated(here, 2)
    lose(gone)
    turn(here, 80)
    return_(gone)
    assert due(one)["seconds_left"] == 60
    answer(one, effort=2)
    turn(here, 55)
    assert (due(one)["page"], due(one)["seconds_left"]) == ("again", 5)


def test_without_patience_time_limits_run_and_a_member_can_come_back(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait"))
    one, other, gone = seated(here)
    lose(gone)
    assert "paused" not in due(one).body
    answer(one, effort=4), answer(other, effort=5)
    turn(here, 63)
    assert (chosen(here), due(gone)["path"]) == ([[4, 5, 1]], "rounds[2]/choose")


# Go on and bot


@pytest.mark.parametrize("policy", ["go_on", "bot"])
def test_the_others_go_on_at_once_without_a_member_who_has_agreed_to_no_bot(
    open_study: OpenStudy, policy: str
) -> None:
    here = open_study(efforts(policy))
    one, other, gone = seated(here)
    answer(one, effort=4), answer(other, effort=5)
    lose(gone)
    assert (chosen(here), due(one)["path"]) == ([[4, 5]], "rounds[2]/choose")
    assert sum(bool(node.get("failed")) for node in here.items("node")) == 1
    assert due(gone)["kind"] == "end"


def test_a_page_without_a_chat_gets_no_message_about_who_is_away(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait"))
    *_, gone = seated(here)
    here.app.run(lambda ctx: dropouts.record_disconnect(ctx, ctx.uow.participant(gone.id)))
    kinds = {body["kind"] for body in here.work()}
    assert "autoplay" in kinds
    assert "send_to_participants" not in kinds


@pytest.mark.parametrize("policy", ["wait", "go_on", "bot", "end"])
def test_closing_a_page_behind_the_last_wait_has_no_consequences(open_study: OpenStudy, policy: str) -> None:
    here = open_study(efforts(policy, 30))
    people = seated(here)
    for _ in range(2):
        for person in people:
            answer(person, effort=3)
    here.work()
    lose(people[2])
    turn(here, 35)
    assert [due(person)["page"] for person in people] == ["after"] * 3
    assert answer(people[2], opinion=7)["kind"] == "end"


def test_the_policy_of_the_study_is_that_of_its_groups(open_study: OpenStudy) -> None:
    here = open_study(type("Strict", (efforts(""),), {"dropout_policy": "end"}))
    people = seated(here)
    lose(people[2])
    assert due(people[0])["page"] == "after"


def test_a_study_knows_which_answers_its_members_missed(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait"))
    one, other, silent = seated(here)
    answer(one, effort=1), answer(other, effort=5)
    turn(here, 63)
    kept = {item["participant_id"]: item["kept"]["silent"] for item in here.items("place")}
    assert [kept[person.id] for person in (one, other, silent)] == [[False], [False], [True]]


def test_an_answer_that_was_entered_but_not_sent_is_not_missed(open_study: OpenStudy) -> None:
    here = open_study(efforts("wait"))
    people = seated(here)
    here.clock.turn(seconds=60)
    for person, entered in zip(people, ({"effort": 1}, {"effort": 6}, {}), strict=True):
        answer(person, timeout=True, **entered)
    here.work()
    kept = {item["participant_id"]: item["kept"]["silent"] for item in here.items("place")}
    assert chosen(here) == [[1, 6, 1]]
    assert [kept[person.id] for person in people] == [[False], [False], [True]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"dropout_policy": "leave"}, "use one of autoplay, wait"),
        ({"patience_seconds": -1}, "give 0 or more"),
    ],
)
def test_a_wrong_policy_is_refused_when_the_study_is_loaded(
    open_study: OpenStudy, arguments: dict[str, Any], words: str
) -> None:
    timeline = [Group(2, **arguments), Page("choose", ask="effort"), Wait(), End()]
    with pytest.raises(Exception, match=words):
        open_study(type("Wrong", (Efforts,), {"timeline": timeline}))


# A bot in the place of a member


def start_bots(here: World) -> list[str]:
    """Let the host start bots; return the addresses at which it has started them."""
    addresses: list[str] = []
    here.app.recruiters.recruiters["bots"] = BotRecruiter(lambda: "http://host", "debug", addresses.append)
    return addresses


def agree(*people: Person) -> None:
    """Have participants agree that a bot may play for them, as the consent page does."""

    def act(ctx: Context) -> None:
        for person in people:
            participant = ctx.uow.participant(person.id)
            participant.consent = {"time": "now", "bots": True}

    people[0].world.app.run(act)


def enter_again(person: Person) -> Person:
    """Enter with a participant's ids and no token, as their bot does, and they themselves after it."""
    said = person.world.post(
        "/load-participant", {"assignment_id": person.assignment_id, "worker_id": person.worker_id}
    )
    return replace(person, token=said["token"])


def test_a_bot_plays_for_a_member_who_has_agreed_until_they_are_back(open_study: OpenStudy) -> None:
    here = open_study(efforts("bot"))
    addresses = start_bots(here)
    one, other, gone = seated(here)
    agree(gone)
    lose(gone)
    (address,) = addresses
    assert f"workerId={gone.worker_id}" in address
    bot = enter_again(gone)
    assert answer(bot, effort=6)["kind"] == "wait"
    back = enter_again(gone)
    return_(back)
    answer(one, effort=4), answer(other, effort=5)
    answer(back, effort=7)
    assert (chosen(here), by(here, gone)) == ([[4, 5, 6]], ["stand_in", "participant"])
    details = next(item["details"] for item in here.items("participant") if item["id"] == gone.id)
    assert list(details) == ["played_by_bot_since"]
