"""Rooms open only for those who wait, whatever happens at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from chalicelib.experiment.networks import Empty
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.participant.completion import (
    complete_participation,
    fail_participation,
    report_error,
    withdraw,
)
from chalicelib.operations.participant.submission import record_loss
from chalicelib.operations.realtime import waiting_rooms
from chalicelib.operations.shared.context import Context
from chalicelib.services import App
from chalicelib.storage.engine import Engine
from tests.contract.factories import ANY_CALLER, a_room, an_app, arrive, begin
from tests.tools.torn import TornEngine

Leave = Callable[[App, int], object]


def with_waiting_room(engine: Engine, **settings: Any) -> App:
    return an_app(engine, a_room(Empty, **{"room_size": 2, "waiting_timeout": 5, **settings}))


def members(engine: Engine) -> list[list[int]]:
    with begin(engine) as work:
        return [item["members"] for item in work.items("rooms") if item["kind"] == "room"]


def waiting(engine: Engine) -> list[int]:
    with begin(engine) as work:
        return [item["id"] for item in work.items("lobby")]


def release(ctx: Context, participant_id: int) -> None:
    ctx.uow.participant(participant_id).early_exit_reason = "dropout"


LEAVING: dict[str, Leave] = {
    "withdraws": lambda app, one: app.run(withdraw, one, caller=ANY_CALLER),
    "completes": lambda app, one: app.run(complete_participation, one, caller=ANY_CALLER),
    "gives up": lambda app, one: app.run(fail_participation, one, caller=ANY_CALLER),
    "meets an error": lambda app, one: app.run(report_error, one, {}, caller=ANY_CALLER),
    "returns": lambda app, one: app.run(record_loss, one, ParticipantStatus.RETURNED),
    "is released": lambda app, one: app.run(release, one),
    "is one too many": lambda app, one: app.run(waiting_rooms.reject_overflow, one),
    "is replaced": lambda app, one: arrive(app, "zoe", f"a-w{one}"),
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_a_smaller_room_is_not_opened_for_participants_who_left(sqlite: Engine, leave: Leave) -> None:
    app = with_waiting_room(sqlite, room_size=4, min_size=2)
    people = [arrive(app, f"w{number}") for number in (1, 2)]
    leave(app, people[1])
    app.run(waiting_rooms.handle_waiting_timeout, people[0])
    assert people[1] not in [one for room in members(sqlite) for one in room]


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
@pytest.mark.parametrize("form", [waiting_rooms.form_rooms, waiting_rooms.handle_waiting_timeout])
def test_no_room_is_opened_for_participants_who_leave_at_the_same_moment(
    sqlite: Engine, leave: Leave, form: Callable[..., None]
) -> None:
    """A participant who leaves between what forming rooms reads and what it writes gets no seat."""
    app = with_waiting_room(sqlite, min_size=2)
    people = [arrive(app, f"w{number}") for number in (1, 2)]
    left: list[int] = []

    def form_while_a_participant_leaves(ctx: Context) -> None:
        form(ctx, *([people[0]] if form is waiting_rooms.handle_waiting_timeout else []))
        if not left:
            left.append(people[1])
            leave(app, people[1])

    app.run(form_while_a_participant_leaves)
    assert people[1] not in [one for room in members(sqlite) for one in room]


def test_a_participant_who_gets_a_seat_at_the_same_moment_is_not_released(sqlite: Engine) -> None:
    app = with_waiting_room(sqlite)
    people = [arrive(app, f"w{number}") for number in (1, 2)]
    opened: list[None] = []

    def send_home_while_a_room_opens(ctx: Context) -> None:
        waiting_rooms.reject_overflow(ctx, people[0])
        if not opened:
            opened.append(None)
            app.run(waiting_rooms.form_rooms)

    app.run(send_home_while_a_room_opens)
    with begin(sqlite) as work:
        assert (members(sqlite), work.participant(people[0]).status) == ([people], "working")


@pytest.mark.parametrize("how", [how for how in LEAVING if how != "is released"])
def test_a_participant_who_has_left_holds_no_place_in_the_lobby(sqlite: Engine, how: str) -> None:
    app = with_waiting_room(sqlite, rooms=1)
    person = arrive(app, "w1")
    LEAVING[how](app, person)
    app.run(waiting_rooms.form_rooms)
    newcomers = [arrive(app, name) for name in ("bob", "cid")]
    app.run(waiting_rooms.form_rooms)
    seated = {one for room in members(sqlite) for one in room}
    assert (person not in seated, seated <= {*newcomers, *waiting(sqlite)}, len(seated)) == (True, True, 2)


@pytest.mark.parametrize("size", [40, 95, 120])
def test_a_room_of_many_opens_in_one_commit(torn: TornEngine, size: int) -> None:
    """The engine takes a hundred writes at once, as DynamoDB does."""
    app = with_waiting_room(torn, room_size=size)
    people = [arrive(app, f"w{number}") for number in range(size)]
    app.run(waiting_rooms.form_rooms)
    assert members(torn) == [people]


def test_rooms_that_do_not_fit_into_one_commit_open_one_after_the_other(sqlite: Engine) -> None:
    app = with_waiting_room(sqlite, room_size=40)
    people = [arrive(app, f"w{number}") for number in range(120)]
    opened = []
    for _ in range(3):
        app.run(waiting_rooms.form_rooms)
        opened.append(len(members(sqlite)))
    assert (opened, list(chain(*members(sqlite)))) == ([2, 3, 3], people)


def test_a_smaller_room_seats_the_next_participants_instead_of_those_who_left(sqlite: Engine) -> None:
    app = with_waiting_room(sqlite, room_size=3, min_size=2)
    people = [arrive(app, f"w{number}") for number in range(4)]
    for one in people[1:3]:
        app.run(release, one)
    app.run(waiting_rooms.handle_waiting_timeout, people[0])
    assert members(sqlite) == [[people[0], people[3]]]


def test_waiting_long_releases_a_participant_when_too_few_are_left(sqlite: Engine) -> None:
    app = with_waiting_room(sqlite, room_size=3, min_size=2)
    people = [arrive(app, f"w{number}") for number in range(2)]
    app.run(release, people[1])
    app.run(waiting_rooms.handle_waiting_timeout, people[0])
    with begin(sqlite, app.clock.now() + timedelta(seconds=1)) as work:
        assert (members(sqlite), work.participant(people[0]).early_exit_reason) == ([], "waiting")


def test_a_room_as_large_as_a_transaction_opens_though_some_who_left_still_wait(sqlite: Engine) -> None:
    engine = TornEngine(sqlite, longest=0)
    app = with_waiting_room(engine, room_size=90)
    people = [arrive(app, f"w{number}") for number in range(100)]
    for one in people[:10]:
        app.run(release, one)
    app.run(waiting_rooms.form_rooms)
    assert members(engine) == [people[10:]]
