"""A live session takes no more players than its limit, and ends when the run is stopped, on each engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pytest

from chalicelib.errors import BadRequest, Busy, InvalidState
from chalicelib.operations.live_sessions.host_actions import ENDED_PER_COMMIT, HostAction, kick
from chalicelib.operations.live_sessions.joining_players import join, join_form
from chalicelib.operations.live_sessions.opening import open_session
from chalicelib.operations.management.run_stops import change_stop
from chalicelib.storage.engine import Check, Engine, Key, Write
from chalicelib.storage.engine_wrapper import EngineWrapper
from tests.contract.factories import ANY_CALLER, at_once
from tests.study.contract.players import Seat

from .test_hosted_pages_over_engines import Quiz, Session

LIMIT = 3
COME = 8


def test_no_more_players_join_than_the_limit_when_all_join_at_the_same_moment(
    crowded: Engine, seat_players: Seat
) -> None:
    session = Session(seat_players(crowded, Quiz, 0), most_players=LIMIT)
    come = [
        partial(session.table.app.run, join, session.pin, f"Player {number}", caller=ANY_CALLER)
        for number in range(COME)
    ]
    refused = [one for one in at_once(come) if isinstance(one, Exception)]
    assert {type(one) for one in refused} <= {InvalidState, Busy}
    assert {str(one) for one in refused if isinstance(one, InvalidState)} <= {
        "This session is full: no more people can join."
    }
    joined = session.table.items("live_player")
    assert len(joined) == COME - len(refused)
    places = [one["place"] for one in joined]
    assert len(set(places)) == len(places)
    assert set(places) <= set(range(1, LIMIT + 1))
    assert len(session.table.items("live_place")) == len(places)


def test_the_next_one_reads_that_the_session_is_full_until_a_player_is_removed(
    engine: Engine, seat_players: Seat
) -> None:
    session = Session(seat_players(engine, Quiz, 0), most_players=2)
    session.join("Ada")
    session.join("Ben")
    with pytest.raises(InvalidState) as raised:
        session.join("Cem")
    assert raised.value.code == "session_full"
    # Their name isn't taken: they can try again.
    assert len(session.table.items("live_name")) == 2
    assert session.view().most_players == 2
    session.host(kick, session.number, session.view().players[0].seat)
    session.join("Cem")
    assert len(session.view().players) == 2


@pytest.mark.parametrize("limit", [-1, 10_001])
def test_a_limit_below_zero_or_above_ten_thousand_is_refused(
    sqlite: Engine, seat_players: Seat, limit: int
) -> None:
    with pytest.raises(BadRequest, match="limit of players"):
        Session(seat_players(sqlite, Quiz, 0), most_players=limit)


def test_bringing_the_run_to_rest_ends_open_sessions_and_players_go_on(
    engine: Engine, seat_players: Seat
) -> None:
    session = Session(seat_players(engine, Quiz, 0))
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    assert ada.get()["page"] == "capital"
    session.host(change_stop, "run", is_stopped=True)
    assert session.view().phase == "finished"
    assert session.table.items("live_pin") == []
    assert ada.get()["page"] == "debrief"
    with pytest.raises(InvalidState, match="over"):
        session.act(HostAction.NEXT)


def test_bringing_the_run_to_rest_ends_more_sessions_than_one_commit_can(
    engine: Engine, seat_players: Seat
) -> None:
    # Sessions that their hosts forgot stay open: they must not keep the run from being stopped.
    session = Session(seat_players(engine, Quiz, 0))
    for _ in range(2 * ENDED_PER_COMMIT):
        session.host(open_session)
    session.host(change_stop, "run", is_stopped=True)
    session.table.work()
    assert {one["phase"] for one in session.table.items("live_session")} == {"finished"}
    assert session.table.items("live_pin") == []


def test_stopping_entry_alone_leaves_a_session_open(engine: Engine, seat_players: Seat) -> None:
    session = Session(seat_players(engine, Quiz, 0))
    session.host(change_stop, "entry", is_stopped=True)
    assert session.view().phase == "lobby"


def test_a_form_that_is_sent_twice_at_the_same_moment_joins_once(crowded: Engine, seat_players: Seat) -> None:
    session = Session(seat_players(crowded, Quiz, 0))
    shown = session.table.app.run(join_form, session.pin, caller=ANY_CALLER).shown
    click = partial(session.table.app.run, join, session.pin, "Ada", "", shown, caller=ANY_CALLER)
    joined = at_once([click, click, click])
    assert [one for one in joined if isinstance(one, Exception)] == []
    assert len({one.address for one in joined}) == 1
    # Going back to the form, and sending it with another name, is the same person.
    again = session.table.app.run(join, session.pin, "Ada B", "", shown, caller=ANY_CALLER)
    assert again.seat == joined[0].seat
    assert [one["name"] for one in session.table.items("live_player")] == ["Ada"]


def test_a_form_that_this_run_has_not_shown_is_no_ones_seat(sqlite: Engine, seat_players: Seat) -> None:
    session = Session(seat_players(sqlite, Quiz, 0))
    shown = session.table.app.run(join_form, session.pin, caller=ANY_CALLER).shown
    forged = f"{shown[:-1]}{'0' if shown[-1] != '0' else '1'}"
    for name in ("Ada", "Ben"):
        session.table.app.run(join, session.pin, name, "", forged, caller=ANY_CALLER)
    assert len(session.table.items("live_player")) == 2
    assert session.table.items("live_form") == []


class WrittenKeys(EngineWrapper):
    """Notes what commits write, and what they depend on."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.written: set[Key] = set()
        self.needed: set[Key] = set()

    def commit(self, writes: Sequence[Write]) -> None:
        super().commit(writes)
        self.written |= {one.key for one in writes if not isinstance(one, Check)}
        self.needed |= {one.key for one in writes}

    def forget(self) -> None:
        self.written, self.needed = set(), set()


def test_answers_of_two_players_write_nothing_on_which_the_other_depends(
    engine: Engine, seat_players: Seat
) -> None:
    # So 300 answers in a second never refuse each other, and no item is written 300 times.
    watched = WrittenKeys(engine)
    session = Session(seat_players(watched, Quiz, 0))
    players = [session.join("Ada"), session.join("Ben")]
    session.act(HostAction.NEXT)
    found = []
    for player in players:
        player.get()
        watched.forget()
        player.post(player.last["serial"], capital="Paris")
        found.append((set(watched.written), set(watched.needed)))
    (first_written, first_needed), (second_written, second_needed) = found
    assert any(key[0].startswith("liveanswers#") for key in first_written)
    assert first_written & second_needed == set()
    assert second_written & first_needed == set()
