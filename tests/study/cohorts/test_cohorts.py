"""Cohorts in a run: strangers meet once, partners again, and those who leave stop nobody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest

from chalicelib.operations.participant.completion import withdraw
from chalicelib.operations.realtime import dropouts
from chalicelib.operations.shared.context import PARTICIPANT, Caller, Context
from chalicelib.storage.engine import Engine
from chalicelib.study.elements import Element
from chalicelib.study.study import Study
from petri.study import Cohort, End, Form, Group, Rounds, Wait, number
from tests.contract.factories import at_once
from tests.study.contract.players import Player, Seat, Table, play
from tests.study.studies import compiled


class Matches(Study):
    """Members of a cohort each name a number in each match; nothing depends on the others' answers."""

    mine = number("Which number?", minimum=0, maximum=1000)


def study(*timeline: Element) -> type[Matches]:
    return type("Matches", (Matches,), {"timeline": (*timeline, End())})


def matches(size: int, people: int, rounds: int, how: str = "strangers", **more: Any) -> type[Matches]:
    each = [
        Group(size, match=how, **more),
        Form("play", ask="mine", seconds=60, on_timeout={"mine": 7}),
        Wait(),
    ]
    return study(Cohort(people), Rounds(rounds, each, name="matches"))


def named(player: Player) -> dict[str, int]:
    return {"mine": player.id}


def groups(table: Table) -> list[tuple[int, ...]]:
    """Return the members of each group, in the order in which the groups were formed."""
    found = sorted(table.items("study_group"), key=lambda item: item["network_id"])
    return [tuple(sorted(one["participant_id"] for one in item["members"])) for item in found]


def meetings(formed: Iterable[tuple[int, ...]]) -> Counter[tuple[int, int]]:
    return Counter(pair for members in formed for pair in combinations(members, 2))


def lose(table: Table, player: Player) -> None:
    """Have a participant's socket counted as lost, as the clock does it."""

    def act(ctx: Context) -> None:
        dropouts.record_disconnect(ctx, ctx.uow.participant(player.id))

    table.app.run(act)
    table.work()


def leave(table: Table, player: Player) -> None:
    table.app.run(withdraw, player.id, caller=Caller(PARTICIPANT, player.id, player.serial))
    table.work()


@pytest.mark.parametrize(("size", "people", "rounds"), [(2, 6, 5), (3, 9, 4), (2, 18, 1)])
def test_strangers_never_meet_twice(
    sqlite: Engine, seat_players: Seat, size: int, people: int, rounds: int
) -> None:
    table = seat_players(sqlite, matches(size, people, rounds), people)
    play(table.players, answer=named)
    table.work()
    formed = groups(table)
    assert [len(members) for members in formed] == [size] * (people // size * rounds)
    assert max(meetings(formed).values()) == 1
    assert len(table.items("response")) == people * rounds
    assert (table.items("pooled"), len(table.items("cohort"))) == ([], 1)


def test_the_schedule_is_drawn_by_the_seed_of_the_run(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, matches(2, 8, 3), 16)
    for player in table.players:
        player.get()
    first, second = (item["schedule"] for item in table.items("cohort"))
    paths = [f"matches[{number}]/group" for number in (1, 2, 3)]
    assert list(first) == list(second) == paths
    assert [[one - 8 for one in pair] for pair in second[paths[0]]] != first[paths[0]]
    assert sorted(one for pair in first[paths[0]] for one in pair) == list(range(1, 9))


def test_members_of_different_cohorts_are_never_in_one_group(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, study(Cohort(4), Group(2), Form("play", ask="mine"), Wait()), 8)
    play(table.players[::2] + table.players[1::2], answer=named)
    cohorts = [set(item["members"]) for item in table.items("cohort")]
    assert all(any(set(members) <= cohort for cohort in cohorts) for members in groups(table))


def test_partners_are_the_same_group_again(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, matches(2, 6, 3, "partners"), 6)
    play(table.players, answer=named)
    assert sorted(meetings(groups(table)).values()) == [3, 3, 3]


def test_partners_need_no_cohort(sqlite: Engine, seat_players: Seat) -> None:
    again = [Group(3, match="partners"), Form("play", ask="mine"), Wait()]
    table = seat_players(sqlite, study(Rounds(2, again)), 6)
    play(table.players[::-1], answer=named)
    assert set(meetings(groups(table)).values()) == {2}


def test_rounds_by_chance_are_drawn_once_for_a_cohort(sqlite: Engine, seat_players: Seat) -> None:
    match = [
        Group(2, match="strangers"),
        Rounds(chance=0.7, most=30, do=[Form("play", ask="mine"), Wait()], name="periods"),
    ]
    table = seat_players(sqlite, study(Cohort(4), Rounds(3, match, name="matches")), 8)
    play(table.players, answer=named, most=400)
    lengths: dict[str, set[tuple[str, int]]] = {}
    cohort = {one: item["name"] for item in table.items("cohort") for one in item["members"]}
    played = Counter(
        (cohort[item["participant_id"]], item["participant_id"], item["path"].partition("/")[0])
        for item in table.items("response")
    )
    for (name, _, of), periods in played.items():
        lengths.setdefault(name, set()).add((of, periods))
    assert [len(each) for each in lengths.values()] == [3, 3]
    assert len({frozenset(each) for each in lengths.values()}) == 2


def test_a_member_who_disconnects_is_answered_for_in_all_groups(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, matches(2, 4, 3), 4)
    for player in table.players:
        player.get()
    *others, gone = table.players
    lose(table, gone)
    play(others, answer=named)
    table.work()
    answered = [item for item in table.items("response") if item["participant_id"] == gone.id]
    assert [(item["by"], item["answers"][0]["answer"]) for item in answered] == [("autoplay", 7)] * 3
    assert (len(groups(table)), max(meetings(groups(table)).values())) == (6, 1)
    assert gone.get()["kind"] == "end"


def test_the_partners_of_a_member_who_has_left_for_good_go_on(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, matches(2, 4, 3), 4)
    for player in table.players:
        player.get()
    *others, left = table.players
    leave(table, left)
    play(others, answer=named)
    table.work()
    ends = {item["participant_id"]: item["ended"] for item in table.items("place")}
    assert [ends[player.id] for player in others] == ["complete"] * 3
    # Their seat stays in the schedule, without a node; no one else takes it.
    without = [
        one for item in table.items("study_group") for one in item["members"] if one.get("node_id") is None
    ]
    assert [one["participant_id"] for one in without] == [left.id] * 2
    assert (len(groups(table)), max(meetings(groups(table)).values())) == (6, 1)


def test_a_member_who_leaves_makes_nobody_skip_a_page(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, matches(2, 2, 1), 2)
    stays, leaves = table.players
    leaves.get(), stays.get()
    leave(table, leaves)
    assert (stays.get()["page"], stays.post(mine=3)["kind"]) == ("play", "end")


def test_a_participant_who_waits_for_a_cohort_too_long_is_paid(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, matches(2, 4, 1), 3)
    for player in table.players:
        assert player.get()["kind"] == "wait"
    table.clock.turn(minutes=11)
    assert [player.get()["kind"] for player in table.players] == ["end"] * 3
    assert {item["ended"] for item in table.items("place")} == {"waiting"}


def test_a_member_who_never_answers_holds_up_the_cohort_no_longer_than_the_time_limits(
    sqlite: Engine, seat_players: Seat
) -> None:
    table = seat_players(sqlite, matches(2, 4, 2, wait_minutes=30), 4)
    for player in table.players:
        player.get()
    others = table.players[1:]
    for _ in range(4):
        for player in others:
            if player.get()["kind"] == "page":
                player.post(mine=1)
        table.clock.turn(seconds=80)
    ends = {item["participant_id"]: item["ended"] for item in table.items("place")}
    assert [ends[player.id] for player in others] == ["complete"] * 3
    assert max(meetings(groups(table)).values()) == 1


def test_a_large_cohort_is_formed_in_one_commit_and_its_members_follow(
    hundred_writes: Engine, seat_players: Seat
) -> None:
    table = seat_players(hundred_writes, matches(3, 27, 1), 27)
    results = at_once([player.get for player in table.players])
    assert [result for result in results if not isinstance(result, dict)] == []
    table.work()
    play(table.players, answer=named)
    assert (len(groups(table)), max(meetings(groups(table)).values())) == (9, 1)
    assert (len(table.items("cohort")), table.items("pooled")) == (1, [])


def test_groups_of_strangers_form_once_when_all_arrive_at_once(sqlite: Engine, seat_players: Seat) -> None:
    table = seat_players(sqlite, matches(2, 8, 1), 8)
    results = at_once([player.get for player in table.players])
    assert [result for result in results if not isinstance(result, dict)] == []
    table.work()
    assert {player.get()["page"] for player in table.players} == {"play"}
    assert max(meetings(groups(table)).values()) == 1


def test_a_group_of_strangers_that_a_running_cohort_has_no_schedule_for_releases_with_pay(
    sqlite: Engine, seat_players: Seat
) -> None:
    table = seat_players(sqlite, matches(2, 4, 1), 4)
    for player in table.players:
        player.get(), player.get()
    changed = matches(2, 4, 2)
    changed.use_pages(compiled({}))
    table.app.experiment_class = changed
    for player in table.players:
        player.get(), player.post(mine=1)
    for _ in range(2):
        kinds = {player.get()["kind"] for player in table.players}
    assert kinds == {"end"}
    assert {item["ended"] for item in table.items("place")} == {"error"}
