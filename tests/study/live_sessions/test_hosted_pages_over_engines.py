"""A host paces the pages of a live session: players are held, and answer once, over every engine."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from chalicelib.errors import BadRequest, ExperimentError, Forbidden, InvalidState
from chalicelib.operations.live_sessions import opening
from chalicelib.operations.live_sessions.host_actions import HostAction, act, kick
from chalicelib.operations.live_sessions.host_view import HostView, host_view
from chalicelib.operations.live_sessions.joining_players import join, join_form
from chalicelib.operations.live_sessions.opening import open_session
from chalicelib.operations.live_sessions.results import read_result
from chalicelib.operations.management import erased_contents
from chalicelib.operations.management.erase_participant import erase_participant
from chalicelib.operations.management.run_stops import change_stop
from chalicelib.operations.participant.create_participant import create_participant
from chalicelib.operations.participant.entry_verification import EntryRequest
from chalicelib.operations.participant.notifications import record_notification
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.engine import Engine
from chalicelib.study.live_sessions.live_session_records import LivePhase
from demos.beauty_contest import experiment as beauty_contest
from petri.study import (
    Branch,
    Element,
    End,
    Form,
    Group,
    Hosted,
    Page,
    Part,
    Rounds,
    Study,
    Timed,
    Wait,
    choice,
    choices,
    number,
    text,
)
from tests.contract.factories import ANY_CALLER, at_once, dump
from tests.study.contract.players import Player, Seat, Table
from tests.study.studies import compiled


class Quiz(Study):
    """Two questions that a host paces, and a page at the end."""

    capital = choice("What is the capital of France?", ["Paris", "Lyon"], right="Paris")
    half = number("What is half of ten?", right=5)
    timeline = (
        Hosted([Page("capital", ask="capital", seconds=20), Page("half", ask="half")], name="quiz"),
        Page("debrief"),
        End(),
    )


class Game(Study):
    """Pairs name prices; the host opens each page."""

    price = number("Your price?", minimum=0)
    timeline = (
        Group(2),
        Hosted(
            [
                Page("price", ask="price", on_timeout={"price": 0}),
                Wait(then="pay"),
                Page("result"),
            ]
        ),
        End(),
    )

    def pay(self, group: Any) -> None:
        for player in group.living:
            player.earn(player.price)


class Session:
    """A live session over a table, with its host."""

    def __init__(self, table: Table, custom_field: str = "", most_players: int = 0) -> None:
        self.table = table
        opened = self.host(open_session, custom_field, most_players)
        self.number, self.pin = opened.id, opened.pin

    def host(self, operation: Any, *args: Any, **named: Any) -> Any:
        return self.table.app.run(operation, *args, caller=OPERATOR_CALLER, **named)

    def act(self, action: HostAction, number: int | None = None) -> Any:
        shown = self.view().number if number is None else number
        return self.host(act, self.number, action, shown)

    def view(self) -> HostView:
        view: HostView = self.host(host_view, self.number)
        return view

    def join(self, name: str, custom: str = "") -> Player:
        form = self.table.app.run(join_form, self.pin, caller=ANY_CALLER)
        joined = self.table.app.run(join, self.pin, name, custom, form.shown, caller=ANY_CALLER)
        return self.enter(joined.seat)

    def enter(self, seat: str, assignment: str = "") -> Player:
        """Open a player's own link."""
        entry = EntryRequest(worker_id=seat, hit_id="h", assignment_id=assignment or seat)
        created = self.table.app.run(create_participant, entry, caller=ANY_CALLER)
        player = Player(self.table.app, int(created["participant"]["id"]))
        self.table.players.append(player)
        player.get()
        return player


@pytest.fixture
def session(engine: Engine, seat_players: Seat) -> Session:
    return Session(seat_players(engine, Quiz, 0))


def test_players_wait_for_the_host_and_see_each_page_when_it_is_opened(session: Session) -> None:
    ada = session.join("Ada")
    assert (ada.last["kind"], ada.last["page"]) == ("wait", "held")
    session.act(HostAction.NEXT)
    assert ada.get()["page"] == "capital"
    held = ada.post(capital="Paris")
    assert (held["kind"], held["page"]) == ("wait", "held")
    assert "Your answer is stored." in held["html"]
    serial = held["serial"]
    session.act(HostAction.ANSWERS)
    assert ada.get()["serial"] == serial
    session.act(HostAction.NEXT)
    shown = ada.get()
    assert shown["page"] == "half"
    assert shown["serial"] > serial


def test_a_page_that_the_host_opens_for_players_who_wait_has_a_serial_that_they_have_not_seen(
    session: Session,
) -> None:
    # A browser takes a page with the serial of the one that it shows for the same page.
    ada = session.join("Ada")
    assert ada.last["page"] == "held"
    serial = ada.last["serial"]
    session.act(HostAction.NEXT)
    shown = ada.get()
    assert (shown["page"], shown["serial"]) == ("capital", serial + 1)
    assert ada.get()["serial"] == serial + 1


def test_a_right_answer_scores_by_the_time_that_is_left_on_the_servers_clock(session: Session) -> None:
    ada, bob = session.join("Ada"), session.join("Bob")
    session.act(HostAction.NEXT)
    ada.get()
    bob.get()
    session.table.clock.turn(seconds=5)
    ada.post(capital="Paris")
    bob.post(capital="Lyon")
    session.act(HostAction.LEADERS)
    leaders = session.view().leaders
    assert [(one.rank, one.name, one.score, one.right) for one in leaders] == [
        (1, "Ada", 750, 1),
        (2, "Bob", 0, 0),
    ]


def test_an_answer_after_the_end_of_a_page_changes_nothing(session: Session) -> None:
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    ada.get()
    session.act(HostAction.ANSWERS)
    late = ada.post(capital="Paris")
    assert late["stale"]
    assert session.view().answered == 0
    session.act(HostAction.NEXT)
    ada.get()
    assert session.table.items("response") == []


def test_a_page_is_over_when_its_time_is_up_although_the_host_does_nothing(session: Session) -> None:
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    ada.get()
    session.table.clock.turn(seconds=23)
    assert session.view().is_time_up
    assert ada.get()["page"] == "held"


def test_a_pause_stops_the_clock_of_the_page(session: Session) -> None:
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    assert ada.get()["paused"] is None
    session.table.clock.turn(seconds=5)
    session.act(HostAction.PAUSE)
    session.table.clock.turn(seconds=100)
    assert ada.get()["paused"]
    session.act(HostAction.RESUME)
    assert ada.get()["seconds_left"] == 15
    ada.post(capital="Paris")
    session.act(HostAction.LEADERS)
    assert session.view().leaders[0].score == 750


def test_an_answer_during_a_pause_scores_by_the_clock_that_stands_still(session: Session) -> None:
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    ada.get()
    session.table.clock.turn(seconds=5)
    session.act(HostAction.PAUSE)
    session.table.clock.turn(seconds=100)
    ada.post(capital="Paris")
    session.act(HostAction.LEADERS)
    assert session.view().leaders[0].score == 750


def test_a_pause_after_the_end_of_a_page_opens_it_for_no_more_answers(session: Session) -> None:
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    ada.get()
    session.table.clock.turn(seconds=23)
    session.act(HostAction.PAUSE)
    assert session.view().is_time_up
    assert ada.post(capital="Paris")["stale"]
    assert session.view().answered == 0


def test_a_player_who_joins_late_begins_at_the_page_that_is_open(session: Session) -> None:
    session.act(HostAction.NEXT)
    session.act(HostAction.NEXT)
    late = session.join("Late")
    assert late.last["page"] == "half"
    assert late.post(half=5)["page"] == "held"
    session.act(HostAction.FINISH)
    assert late.get()["page"] == "debrief"


def test_a_button_that_is_pressed_twice_opens_one_page(session: Session) -> None:
    session.act(HostAction.NEXT, 0)
    with pytest.raises(InvalidState, match="gone on meanwhile"):
        session.act(HostAction.NEXT, 0)
    assert session.view().number == 1


def counted(session: Session) -> dict[str, int]:
    return {bar.label: bar.count for item in session.view().items for bar in item.bars}


def test_the_bars_grow_as_answers_come_once_the_host_wants_them(session: Session) -> None:
    ada, bob = session.join("Ada"), session.join("Bob")
    session.act(HostAction.NEXT)
    ada.get()
    bob.get()
    ada.post(capital="Paris")
    assert not session.view().has_bars
    assert set(counted(session).values()) == {0}
    session.act(HostAction.SHOW_BARS)
    assert counted(session)["Paris"] == 1
    bob.post(capital="Paris")
    assert counted(session)["Paris"] == 2
    assert not any(bar.is_right for item in session.view().items for bar in item.bars)
    session.act(HostAction.HIDE_BARS)
    assert set(counted(session).values()) == {0}


def test_the_host_learns_when_all_have_answered(session: Session) -> None:
    ada, bob = session.join("Ada"), session.join("Bob")
    session.act(HostAction.NEXT)
    ada.get()
    bob.get()
    ada.post(capital="Lyon")
    assert not session.view().has_everyone_answered
    bob.post(capital="Paris")
    assert session.view().has_everyone_answered


def test_bars_are_empty_while_a_page_is_open_and_the_right_answer_is_marked_with_the_solution(
    session: Session,
) -> None:
    ada, bob = session.join("Ada"), session.join("Bob")
    session.act(HostAction.NEXT)
    for player, answer in ((ada, "Paris"), (bob, "Lyon")):
        player.get()
        player.post(capital=answer)
    assert [bar.count for bar in session.view().items[0].bars] == [0, 0]
    session.act(HostAction.ANSWERS)
    assert [(bar.label, bar.count, bar.is_right) for bar in session.view().items[0].bars] == [
        ("Paris", 1, False),
        ("Lyon", 1, False),
    ]
    session.act(HostAction.SOLUTION)
    assert [bar.is_right for bar in session.view().items[0].bars] == [True, False]


def test_a_name_is_taken_once_when_many_join_at_the_same_moment(engine: Engine, seat_players: Seat) -> None:
    session = Session(seat_players(engine, Quiz, 0))
    results = at_once([partial(session.table.app.run, join, session.pin, "Ada", caller=ANY_CALLER)] * 8)
    assert sum(not isinstance(one, Exception) for one in results) == 1
    assert {type(one) for one in results if isinstance(one, Exception)} == {InvalidState}
    assert len(session.table.items("live_player")) == 1


def test_no_answer_is_lost_when_all_answer_at_the_same_moment(engine: Engine, seat_players: Seat) -> None:
    session = Session(seat_players(engine, Quiz, 0))
    players = [session.join(f"Player {number}") for number in range(12)]
    session.act(HostAction.NEXT)
    for player in players:
        player.get()
    twice = [
        partial(player.post, player.last["serial"], capital="Paris") for player in players for _ in range(2)
    ]
    results = at_once(twice)
    assert [one for one in results if isinstance(one, Exception)] == []
    view = session.view()
    assert (view.answered, view.has_everyone_answered) == (12, True)
    scores = {item["participant_id"]: item["score"] for item in session.table.items("live_player")}
    assert scores == {player.id: 1000 for player in players}


def test_a_player_who_is_removed_is_paid_and_plays_no_more(session: Session) -> None:
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    ada.get()
    session.host(kick, session.number, session.view().players[0].seat)
    assert ada.get()["kind"] == "end"
    assert session.view().players == []


def test_a_player_who_is_removed_from_the_lobby_before_their_first_page_plays_no_more(
    session: Session,
) -> None:
    joined = session.table.app.run(join, session.pin, "Ada", caller=ANY_CALLER)
    session.host(kick, session.number, joined.seat)
    session.act(HostAction.NEXT)
    assert [(one["name"], one["kicked"]) for one in session.table.items("live_player")] == [("", True)]
    assert session.table.items("live_name") == []
    ada = session.enter(joined.seat)
    assert ada.get()["kind"] == "end"


def test_an_answer_of_a_player_who_is_removed_is_not_counted_and_the_audit_log_has_no_seat(
    session: Session,
) -> None:
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    ada.get()
    ada.post(capital="Lyon")
    seat = session.view().players[0].seat
    session.host(kick, session.number, seat)
    session.act(HostAction.ANSWERS)
    view = session.view()
    assert (view.answered, [bar.count for bar in view.items[0].bars]) == (0, [0, 0])
    logged = session.table.items("audit_entry") + session.table.items("audit_values")
    assert logged
    assert seat not in str(logged)


def test_a_second_participant_with_the_link_of_a_player_answers_nothing_in_the_session(
    engine: Engine, seat_players: Seat
) -> None:
    session = Session(seat_players(engine, Quiz, 0, allow_repeat_worker_ids=True))
    ada = session.join("Ada")
    seat = session.view().players[0].seat
    session.act(HostAction.NEXT)
    again = session.enter(seat, "another-assignment")
    for player in (ada, again):
        player.get()
        player.post(capital="Paris")
    session.act(HostAction.LEADERS)
    view = session.view()
    assert (view.answered, view.leaders[0].score, view.players[0].participant_id) == (1, 1000, ada.id)


def test_no_more_people_join_while_entry_is_stopped(session: Session) -> None:
    session.host(change_stop, "entry", is_stopped=True)
    with pytest.raises(Forbidden, match="door"):
        session.join("Ada")


def test_a_locked_session_and_a_finished_one_can_not_be_joined(session: Session) -> None:
    session.act(HostAction.LOCK)
    with pytest.raises(Forbidden, match="door"):
        session.join("Ada")
    session.act(HostAction.FINISH)
    with pytest.raises(Forbidden, match="PIN"):
        session.join("Ada")
    with pytest.raises(InvalidState, match="over"):
        session.act(HostAction.NEXT)


def test_the_result_is_frozen_at_the_end_and_stays_as_it_was(session: Session) -> None:
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    ada.get()
    ada.post(capital="Paris")
    session.act(HostAction.FINISH)
    session.table.clock.turn(seconds=30)
    session.table.work()
    frozen = session.host(read_result, session.number)
    assert frozen.is_frozen
    assert [(one.name, one.score) for one in frozen.players] == [("Ada", 1000)]
    assert [(one.page, one.percent_right) for one in frozen.questions] == [("capital", 100.0)]
    assert [one.answers for one in frozen.answers] == [{"capital": "Paris"}]
    assert session.view().phase == LivePhase.FINISHED


def test_without_a_live_session_participants_go_at_their_own_pace(engine: Engine, seat_players: Seat) -> None:
    table = seat_players(engine, Quiz, 1)
    player = table.players[0]
    assert player.get()["page"] == "capital"
    assert player.post(capital="Paris")["page"] == "half"


def test_the_latency_is_measured_by_signed_echoes_and_taken_off_the_time(
    session: Session,
) -> None:
    ada = session.join("Ada")
    session.table.clock.turn(seconds=0.5)
    assert ada.echo(ada.last["echo"]) == {"latency": 0.5}
    fresh = ada.get()["echo"]
    session.table.clock.turn(seconds=0.25)
    assert ada.echo(fresh) == {"latency": 0.25}
    session.act(HostAction.NEXT)
    ada.get()
    session.table.clock.turn(seconds=5.25)
    ada.post(capital="Paris")
    session.act(HostAction.LEADERS)
    assert session.view().leaders[0].score == 750


def test_an_echo_that_is_delayed_counts_as_one_second_at_most_and_a_forged_one_is_refused(
    session: Session,
) -> None:
    ada, bob = session.join("Ada"), session.join("Bob")
    for echo in ("", "x", "2026-03-01T12:00:00Z forged", bob.last["echo"]):
        with pytest.raises(BadRequest):
            ada.echo(echo)
    session.table.clock.turn(seconds=9)
    assert ada.echo(ada.last["echo"]) == {"latency": 1.0}


def test_a_member_of_a_group_without_requests_follows_the_host(engine: Engine, seat_players: Seat) -> None:
    session = Session(seat_players(engine, Game, 0))
    ada, bob = session.join("Ada"), session.join("Bob")
    session.table.work()
    session.act(HostAction.NEXT)
    assert ada.get()["page"] == "price"
    bob.get()
    ada.post(price=3)
    session.act(HostAction.NEXT)
    session.table.work()
    assert ada.get()["page"] == "result"
    assert session.table.place(bob)["path"].endswith("result")


class Named(Study):
    """A question with a text as its answer, and one with options."""

    animal = text("Your favourite animal?")
    fruit = choice("Fruit?", ["apple", "pear"])
    timeline = (Hosted([Page("animal", ask=["animal", "fruit"])]), End())


def test_nothing_of_a_live_session_identifies_an_erased_player_and_their_points_stay(
    engine: Engine, seat_players: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More than one commit.
    monkeypatch.setattr(erased_contents, "MAX_CHANGED", 1)
    session = Session(seat_players(engine, Named, 0), custom_field="Student number")
    ada, bob = session.join("Ada Byron", "S-1815"), session.join("Bob", "S-1816")
    seat = next(one.seat for one in session.view().players if one.name == "Ada Byron")
    session.act(HostAction.NEXT)
    for player, animal in ((ada, "Ada-heron"), (bob, "Bob-owl")):
        player.get()
        player.post(animal=animal, fruit="pear")
    session.act(HostAction.FINISH)
    session.table.clock.turn(seconds=30)
    session.table.work()
    ada.get()
    session.host(record_notification, "AssignmentSubmitted", seat, None)
    session.table.work()
    written = ("Ada Byron", "adabyron", "S-1815", "Ada-heron", seat)
    before = str(dump(engine))
    session.host(erase_participant, ada.id)
    session.table.work()
    stored = str(dump(engine))
    assert all(word in before for word in written)
    assert [word for word in written if word in stored] == []
    assert all(word in stored for word in ("Bob", "S-1816", "Bob-owl"))
    result = session.host(read_result, session.number)
    assert {one.name for one in result.players} == {"[erased]", "Bob"}
    erased = next(one for one in result.players if one.name == "[erased]")
    (answer,) = [one for one in result.answers if one.seat == erased.seat]
    assert answer.answers == {"animal": None, "fruit": "pear"}


class Judged(Study):
    """A question of which a part can be right, and one that isn't graded."""

    primes = choices("Which are prime?", ["2", "3", "4"], right=["2", "3"], grading="percent")
    age = number("How old are you?")
    timeline = (Hosted([Page("primes", ask="primes"), Page("age", ask="age")]), End())


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (["2", "3"], "Right!"),
        (["2"], "Partly right"),
        (["4"], "Not right"),
        (None, "You gave no answer"),
    ],
)
def test_players_read_with_the_solution_how_much_of_their_answer_is_right(
    engine: Engine, seat_players: Seat, answer: list[str] | None, verdict: str
) -> None:
    session = Session(seat_players(engine, Judged, 0))
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    ada.get()
    if answer is not None:
        ada.post(primes=answer)
    session.act(HostAction.ANSWERS)
    session.act(HostAction.SOLUTION)
    shown = ada.get()
    assert shown["title"] == verdict
    assert f"<h1>{verdict}</h1>" in shown["html"]


def test_players_are_thanked_for_an_answer_that_is_neither_right_nor_wrong(
    sqlite: Engine, seat_players: Seat
) -> None:
    session = Session(seat_players(sqlite, Judged, 0))
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    session.act(HostAction.NEXT)
    assert ada.get()["page"] == "age"
    ada.post(age=30)
    session.act(HostAction.SOLUTION)
    assert ada.get()["title"] == "Thank you for your answer"


class Favourite(Study):
    """A question with options, and a field for another answer."""

    fruit = choice("Fruit?", ["apple", "pear"], other=True)
    timeline = (Hosted([Page("fruit", ask="fruit")]), End())


def test_the_bar_of_another_answer_shows_what_the_player_wrote(sqlite: Engine, seat_players: Seat) -> None:
    session = Session(seat_players(sqlite, Favourite, 0))
    ada = session.join("Ada")
    session.act(HostAction.NEXT)
    ada.get()
    ada.post(fruit={"key": "other", "text": "a fig"})
    session.act(HostAction.ANSWERS)
    (item,) = session.view().items
    assert [(bar.label, bar.count) for bar in item.bars] == [("a fig", 1)]


def test_a_part_with_a_clock_of_its_own_neither_contains_hosted_pages_nor_is_inside_them() -> None:
    page = Page("p")
    (around,) = Timed(5, [Part("part", [Hosted([page], name="quiz")])], name="test").problems()
    assert around == "Timed 'test' contains Hosted 'quiz', whose host sets the time; move it out of Timed."
    (inside,) = Hosted([Part("part", [Timed(5, [page], name="test")])], name="quiz").problems()
    assert inside.startswith("Hosted 'quiz' contains Timed 'test', whose clock a host can't stop")


@pytest.mark.parametrize(
    "around",
    [
        Branch("True", then=[Hosted([Form("p")])]),
        Part("part", [Hosted([Form("p")])], show_if="True"),
        Rounds(chance=0.5, most=3, do=[Hosted([Form("p")])]),
    ],
)
def test_hosted_pages_where_participants_go_different_ways_are_refused(around: Element) -> None:
    study = type("Split", (Study,), {"timeline": (around, End())})
    with pytest.raises(ExperimentError, match="a host can't pace its pages; move it out"):
        study.use_pages(compiled({}))


def test_the_best_guess_of_each_table_wins_as_the_host_goes_on(engine: Engine, seat_players: Seat) -> None:
    session = Session(seat_players(engine, beauty_contest.BeautyContest, 0))
    players = [session.join(name) for name in ("Ada", "Bob", "Cem", "Dia")]
    session.table.work()
    session.act(HostAction.NEXT)
    for player, guess in zip(players, (0, 30, 60, 90), strict=True):
        assert player.get()["page"] == "guess"
        player.post(guess=guess)
    session.act(HostAction.ANSWERS)
    assert [(bar.label, bar.count) for bar in session.view().items[0].bars] == [
        ("0", 1),
        ("30", 1),
        ("60", 1),
        ("90", 1),
    ]
    session.act(HostAction.NEXT)
    session.table.work()
    assert [player.get()["page"] for player in players] == ["result"] * 4
    # Two thirds of the mean, 45, are 30.
    assert session.table.points() == [0, 12, 0, 0]


def test_a_pin_is_drawn_again_while_a_session_uses_it_and_is_free_after_its_end(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, free = int(session.pin), (int(session.pin) + 1) % 1_000_000
    draws = iter([taken, taken, free, taken])
    monkeypatch.setattr(opening.secrets, "randbelow", lambda _: next(draws))
    assert session.host(open_session).pin == f"{free:06d}"
    session.act(HostAction.FINISH)
    assert session.host(open_session).pin == f"{taken:06d}"
