"""Groups play over every engine: each is released once, all members end, and each is paid once."""

from __future__ import annotations

from functools import partial

import pytest

from chalicelib.storage.engine import Engine
from chalicelib.study.pages import PageError
from petri.study import End, Group, Page, Wait
from tests.contract.factories import at_once
from tests.study.contract.players import Player, Seat, Table, play, sums

LAST_ARRIVALS = 32
#: Members of a group that arrive at once; each more costs seconds over moto.
CROWD = 12


def named(player: Player) -> dict[str, int]:
    return {"mine": player.id}


def gathered(table: Table) -> Table:
    """Bring all players to the first page of their group."""
    for player in table.players:
        player.get()
        player.post()
    table.work()
    for player in table.players:
        assert player.get()["page"] == "name"
    return table


@pytest.mark.parametrize("size", [2, 5])
def test_a_group_plays_to_the_end_and_each_member_is_paid_once(
    engine: Engine, seat_players: Seat, size: int
) -> None:
    table = seat_players(engine, sums(size), size, points_per_dollar=10)
    play(table.players, answer=named)
    table.work()
    total = sum(player.id for player in table.players)
    assert table.points() == [3 * total] * size
    assert table.items("study_group")[0]["state"] == {"released": 3}
    assert list(table.payments().values()) == [["base", "bonus"]] * size


def test_the_function_of_a_wait_runs_once_under_32_last_arrivals(crowded: Engine, seat_players: Seat) -> None:
    """All members arrive but one; the last answer and the polls of the others come at the same moment."""
    table = gathered(seat_players(crowded, sums(2, rounds=1), 2))
    first, last = table.players
    first.post(mine=1)
    others = [Player(table.app, first.id) for _ in range(LAST_ARRIVALS - 2)]
    posts = [partial(last.post, mine=2), partial(Player(table.app, last.id, 1, dict(last.last)).post, mine=2)]
    results = at_once([*posts, *[player.get for player in others]])
    assert [result for result in results if not isinstance(result, dict)] == []
    assert table.points() == [3, 3]
    assert table.items("study_group")[0]["state"] == {"released": 1}
    assert len(table.items("response")) == 4


def test_a_wait_runs_once_when_all_members_of_a_large_group_arrive_at_once(
    crowded: Engine, seat_players: Seat
) -> None:
    table = gathered(seat_players(crowded, sums(CROWD, rounds=1), CROWD))
    results = at_once([partial(player.post, mine=1) for player in table.players])
    assert [result for result in results if not isinstance(result, dict)] == []
    table.work()
    assert table.points() == [CROWD] * CROWD
    assert table.items("study_group")[0]["state"] == {"released": 1}


def test_repeated_and_stale_posts_change_nothing(engine: Engine, seat_players: Seat) -> None:
    table = gathered(seat_players(engine, sums(2), 2))
    first, last = table.players
    serial = first.last["serial"]
    first.post(mine=1)
    for _ in range(3):
        assert first.post(serial, mine=9)["stale"] is True
    assert first.post(1)["stale"] is True
    last.post(mine=2)
    assert first.post(serial, mine=9)["stale"] is True
    assert table.points() == [3, 3]


def test_a_group_that_is_too_large_for_one_commit_plays_over_dynamodb(
    dynamodb: Engine, seat_players: Seat
) -> None:
    table = gathered(seat_players(dynamodb, sums(18, rounds=1), 18))
    for player in table.players:
        player.post(mine=1)
    assert [player.get()["kind"] for player in table.players] == ["end"] * 18
    assert table.points() == [18] * 18


@pytest.mark.parametrize("size", [24, 60, 90])
def test_a_large_group_forms_plays_and_is_paid_once(
    hundred_writes: Engine, seat_players: Seat, size: int
) -> None:
    table = gathered(seat_players(hundred_writes, sums(size, rounds=1), size))
    for player in table.players:
        player.post(mine=1)
    table.work()
    assert [player.get()["kind"] for player in table.players] == ["end"] * size
    table.work()
    assert table.points() == [size] * size
    assert table.items("study_group")[0]["state"] == {"released": 1}
    assert (len(table.items("node")), table.items("pooled")) == (size, [])
    assert list(table.payments().values()) == [["base"]] * size


def test_members_of_a_large_group_who_never_ask_are_seated_and_moved_on_by_a_message(
    hundred_writes: Engine, seat_players: Seat
) -> None:
    table = seat_players(hundred_writes, sums(40, rounds=1), 40)
    for player in table.players:
        player.get()
        player.post()
    table.work()
    assert {item["path"] for item in table.items("place")} == {"rounds[1]/name"}
    for player in table.players:
        player.get()
        player.post(mine=1)
    table.work()
    assert {item["path"] for item in table.items("place")} == {"end"}


def test_200_arrivals_at_once_fill_groups_and_none_is_lost(
    hundred_writes: Engine, seat_players: Seat
) -> None:
    table = seat_players(hundred_writes, sums(5, rounds=1), 200)
    for player in table.players:
        player.get()
    results = at_once([player.post for player in table.players])
    assert [result for result in results if not isinstance(result, dict)] == []
    table.work()
    groups = [[one["participant_id"] for one in item["members"]] for item in table.items("study_group")]
    assert [len(members) for members in groups] == [5] * 40
    assert sorted(one for members in groups for one in members) == [player.id for player in table.players]
    assert {player.get()["page"] for player in table.players} == {"name"}
    assert table.items("pooled") == []


def test_arrivals_at_once_fill_groups_over_engines_that_refuse_or_show_half_a_commit(
    crowded: Engine, seat_players: Seat
) -> None:
    table = seat_players(crowded, sums(3, rounds=1), CROWD)
    for player in table.players:
        player.get()
    results = at_once([player.post for player in table.players])
    assert [result for result in results if not isinstance(result, dict)] == []
    table.work()
    assert [player.get()["page"] for player in table.players] == ["name"] * CROWD
    members = [one["participant_id"] for item in table.items("study_group") for one in item["members"]]
    assert (len(members), sorted(members)) == (CROWD, [player.id for player in table.players])


def test_different_answers_to_one_page_at_once_are_stored_once(crowded: Engine, seat_players: Seat) -> None:
    """Two tabs, or a double click after a change of mind: the first commit counts, for points as well."""
    table = gathered(seat_players(crowded, sums(2, rounds=1), 2))
    first, last = table.players
    first.post(mine=0)
    tabs = [Player(table.app, last.id, 1, dict(last.last)) for _ in range(8)]
    results = at_once([partial(tab.post, mine=number) for number, tab in enumerate(tabs, 1)])
    assert [result for result in results if not isinstance(result, dict)] == []
    stored = [item["answers"][0]["answer"] for item in table.items("response") if item.get("answers")]
    assert len(stored) == 2
    assert table.points() == [stored[0] + stored[1]] * 2


def test_a_page_that_cannot_be_shown_to_the_last_one_keeps_nobody_waiting(
    sqlite: Engine, seat_players: Seat
) -> None:
    timeline = (Group(2), Page("name", ask="mine"), Wait(then="add_up"), Page("after"), End())
    pages = {"after": "{% if player.id == 2 %}{{ 1 / 0 }}{% endif %}Done."}
    table = seat_players(sqlite, type("Failing", (sums(2),), {"timeline": timeline}), 2, pages)
    first, last = table.players
    first.get(), last.get(), first.get()
    first.post(mine=1)
    with pytest.raises(PageError, match="division by zero"):
        last.post(mine=2)
    assert (first.get()["page"], table.points()) == ("after", [3, 3])
    assert table.items("study_group")[0]["state"] == {"released": 1}
