"""The rules of waiting rooms: which participants wait, get a seat, or are released."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.errors import Conflict
from chalicelib.model import keys
from chalicelib.model.record import iso
from chalicelib.model.statuses import ParticipantStatus
from chalicelib.operations.participant import submission
from chalicelib.operations.realtime import waiting_rooms
from chalicelib.operations.shared.context import Context
from tests.realtime.conftest import NewStage
from tests.realtime.experiments import Meeting, Pairs, Trio, with_members
from tests.realtime.stage import Stage
from tests.web.world import Person


def never_overrecruited(self: Meeting, waiting_count: int) -> bool:
    return False


def ask(stage: Stage, operation: Callable[..., Any], *args: Any) -> Any:
    """Run an operation as a worker does, and what follows at once."""
    found = stage.world.app.run(operation, *args)
    stage.world.work()
    return found


def entry(stage: Stage, person: Person) -> dict[str, Any] | None:
    """A participant's place in the lobby, as it is stored."""
    found = [item for item in stage.world.items("waiting") if item["id"] == person.id]
    return found[0] if found else None


# -- waiting too long -------------------------------------------------------------------------------


def small_rooms(new_stage: NewStage, **members: Any) -> Stage:
    return new_stage(
        with_members(
            Meeting,
            room_size=4,
            waiting_timeout=5,
            min_size=2,
            is_overrecruited=never_overrecruited,
            **members,
        )
    )


def test_no_smaller_room_opens_beyond_the_number_of_rooms(new_stage: NewStage) -> None:
    stage = small_rooms(new_stage, rooms=1)
    people = [stage.world.arrive() for _ in range(6)]
    stage.world.app.run(waiting_rooms.handle_waiting_timeout, people[0].id)
    stage.world.app.run(waiting_rooms.handle_waiting_timeout, people[4].id)
    assert stage.rooms() == [[person.id for person in people[:4]]]
    assert people[4].get(f"/waiting-room/{people[4].id}")["quorum"]["released"] is True


@pytest.mark.parametrize("gone", [(0,), (1, 2), (0, 1, 2, 3)])
def test_those_who_still_wait_come_first_into_a_smaller_room(
    new_stage: NewStage, gone: tuple[int, ...]
) -> None:
    stage = small_rooms(new_stage)
    people = [stage.world.arrive() for _ in range(9)]

    def leave(ctx: Context) -> None:
        for place in gone:
            ctx.uow.participant(people[place].id).early_exit_reason = "withdrawn"

    stage.world.app.run(leave)
    ask(stage, waiting_rooms.handle_waiting_timeout, people[8].id)
    left = [person.id for place, person in enumerate(people) if place not in gone]
    assert stage.rooms()[0] == left[:4]


def test_a_smaller_room_has_no_more_seats_than_a_full_one(new_stage: NewStage) -> None:
    stage = small_rooms(new_stage)
    people = [stage.world.arrive() for _ in range(6)]
    ask(stage, waiting_rooms.handle_waiting_timeout, people[0].id)
    assert [len(room) for room in stage.rooms()] == [4]


@pytest.mark.parametrize(("here", "opened"), [(1, 0), (2, 1), (3, 1)])
def test_a_smaller_room_needs_the_least_number(new_stage: NewStage, here: int, opened: int) -> None:
    stage = small_rooms(new_stage)
    people = [stage.world.arrive() for _ in range(here)]
    ask(stage, waiting_rooms.handle_waiting_timeout, people[0].id)
    assert len(stage.rooms()) == opened


@pytest.mark.parametrize("way", ["withdraw", "worker_failed", "worker_complete", "handle-error"])
def test_a_participant_who_has_left_gets_no_seat_in_a_smaller_room(new_stage: NewStage, way: str) -> None:
    stage = small_rooms(new_stage)
    gone, first, second = [stage.world.arrive() for _ in range(3)]
    gone.post(f"/{way}", {"participant_id": gone.id})
    ask(stage, waiting_rooms.handle_waiting_timeout, first.id)
    assert stage.rooms() == [[first.id, second.id]]


def test_a_released_participant_is_not_released_again(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, room_size=4, waiting_timeout=5))
    person = stage.arrive()
    ask(stage, waiting_rooms.handle_waiting_timeout, person.id)
    with stage.world.unchanged():
        ask(stage, waiting_rooms.handle_waiting_timeout, person.id)


@pytest.mark.parametrize("way", ["worker_complete", "worker_failed"])
def test_a_participant_who_has_come_to_the_end_is_not_released(new_stage: NewStage, way: str) -> None:
    stage = new_stage(with_members(Meeting, room_size=4, waiting_timeout=5))
    person = stage.world.arrive()
    person.post(f"/{way}", {"participant_id": person.id})
    ask(stage, waiting_rooms.handle_waiting_timeout, person.id)
    (kept,) = stage.world.items("participant")
    assert kept.get("released") is None


def test_a_participant_who_was_released_leaves_the_lobby(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, room_size=4, waiting_timeout=5))
    person = stage.arrive()
    ask(stage, waiting_rooms.handle_waiting_timeout, person.id)
    (kept,) = stage.world.items("participant")
    assert (kept["released"], entry(stage, person)) == ("waiting", None)


def test_without_an_end_no_participant_is_asked_whether_they_waited_too_long(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, room_size=4))
    stage.arrive()
    kinds = {item["body"]["kind"] for item in stage.world.items("message")}
    assert "waiting_timeout" not in kinds


# -- a second reason --------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["withdraw", "handle-error"])
def test_the_first_reason_for_letting_a_participant_go_stays(new_stage: NewStage, way: str) -> None:
    stage = new_stage(with_members(Meeting, room_size=4, waiting_timeout=5))
    person = stage.arrive()
    ask(stage, waiting_rooms.handle_waiting_timeout, person.id)
    person.post(f"/{way}", {"participant_id": person.id})
    (kept,) = stage.world.items("participant")
    assert kept["released"] == "waiting"


# -- one too many -----------------------------------------------------------------------------------


def test_a_participant_who_has_a_seat_is_not_overrecruited(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    people = [stage.arrive() for _ in range(2)]
    stage.wait(1)
    ask(stage, waiting_rooms.reject_overflow, people[0].id)
    assert people[0].now()["status"] == "working"


@pytest.mark.parametrize("status", ["submitted", "approved", "returned", "screened_out"])
def test_a_participant_who_is_not_working_any_more_is_not_overrecruited(
    new_stage: NewStage, status: str
) -> None:
    stage = new_stage(Trio)
    person = stage.arrive()

    def end(ctx: Context) -> None:
        ctx.uow.participant(person.id).status = status

    ask(stage, end)
    ask(stage, waiting_rooms.reject_overflow, person.id)
    assert person.now()["status"] == status


@pytest.mark.parametrize("status", [ParticipantStatus.RETURNED, ParticipantStatus.ABANDONED])
def test_a_waiting_participant_who_loses_the_assignment_leaves_the_lobby(
    new_stage: NewStage, status: ParticipantStatus
) -> None:
    stage = new_stage(Trio)
    person, other = stage.arrive(), stage.arrive()
    ask(stage, submission.record_loss, person.id, status)
    assert entry(stage, person) is None
    assert entry(stage, other) is not None


def test_one_too_many_leaves_the_lobby_and_is_listed_as_such(new_stage: NewStage) -> None:
    stage = new_stage(Trio)
    person, ear = stage.arrive_with_ear()
    ask(stage, waiting_rooms.reject_overflow, person.id)
    assert (entry(stage, person), ear.told()[-1]["overrecruited"]) == (None, True)
    assert stage.world.get("/summary")["summary"] == [["overrecruited", 1]]


def test_a_new_participant_is_overrecruited_when_every_room_has_opened(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Pairs, rooms=1, is_overrecruited=never_overrecruited))
    for _ in range(2):
        stage.arrive()
    stage.wait(1)
    assert stage.arrive().now()["status"] == "overrecruited"


def test_the_experiment_gets_the_seated_and_the_waiting_participants(new_stage: NewStage) -> None:
    asked: list[int] = []

    def note(self: Meeting, waiting_count: int) -> bool:
        asked.append(waiting_count)
        return False

    stage = new_stage(with_members(Pairs, is_overrecruited=note))
    for _ in range(3):
        stage.arrive()
        stage.wait(1)
    assert asked == [1, 2, 3]


def test_a_plain_quorum_opens_one_room(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Trio, is_overrecruited=never_overrecruited, rooms=5))
    for _ in range(7):
        stage.world.arrive()
    stage.wait(2)
    assert [len(room) for room in stage.rooms()] == [3]


# -- forming rooms ----------------------------------------------------------------------------------


def released(stage: Stage, *people: Person) -> None:
    """Let people go whose places in the lobby are still there, as after a crash between two commits."""

    def release(ctx: Context) -> None:
        for person in people:
            ctx.uow.participant(person.id).early_exit_reason = "withdrawn"

    stage.world.app.run(release)


@pytest.mark.parametrize("gone", [(1,), (0, 1), (0, 2, 4), (5,)])
def test_those_who_may_not_wait_any_more_are_replaced_and_cleared_away(
    new_stage: NewStage, gone: tuple[int, ...]
) -> None:
    stage = new_stage(Pairs)
    people = [stage.world.arrive() for _ in range(8)]
    released(stage, *(people[place] for place in gone))
    ask(stage, waiting_rooms.form_rooms)
    left = [person.id for place, person in enumerate(people) if place not in gone]
    assert stage.rooms() == [left[start : start + 2] for start in range(0, len(left) - 1, 2)]
    assert {entry(stage, people[place]) is None for place in gone} == {True}


def test_more_rooms_open_than_are_left_never(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Pairs, rooms=2, is_overrecruited=never_overrecruited))
    first = [stage.world.arrive() for _ in range(2)]
    ask(stage, waiting_rooms.form_rooms)
    more = [stage.world.arrive() for _ in range(6)]
    ask(stage, waiting_rooms.form_rooms)
    assert stage.rooms() == [[one.id for one in first], [one.id for one in more[:2]]]
    assert {one.now()["status"] for one in more[2:]} == {"overrecruited"}


def test_a_room_of_one_has_a_seat_for_the_first(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, room_size=1, rooms=1))
    people = [stage.arrive() for _ in range(2)]
    stage.wait(1)
    assert (stage.rooms(), people[1].now()["status"]) == ([[people[0].id]], "overrecruited")


def test_the_experiment_may_put_all_who_wait_into_one_room(new_stage: NewStage) -> None:
    def all_together(self: Meeting, waiting: list[Any]) -> list[list[Any]]:
        return [waiting, []]

    stage = new_stage(with_members(Pairs, group_by=all_together))
    people = [stage.world.arrive().id for _ in range(3)]
    ask(stage, waiting_rooms.form_rooms)
    assert stage.rooms() == [people]


def test_a_room_knows_when_it_opened(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    for _ in range(2):
        stage.world.arrive()
    stage.world.clock.turn(seconds=7)
    ask(stage, waiting_rooms.form_rooms)
    (room,) = stage.world.items("room")
    assert room["opened"] == iso(stage.world.clock.now())


@pytest.mark.parametrize(
    ("sizes", "room_for", "number"),
    [
        ([2, 2, 2], 12, 3),
        ([2, 2, 2], 11, 2),
        ([2, 2, 2], 8, 2),
        ([2, 2, 2], 7, 1),
        ([200], 90, 1),
        ([200, 2], 90, 1),
        ([88, 2], 90, 1),
        ([84, 2], 90, 2),
        ([], 90, 0),
    ],
)
def test_as_many_rooms_open_as_fit_into_one_commit(sizes: list[int], room_for: int, number: int) -> None:
    groups = [list(range(size)) for size in sizes]
    assert waiting_rooms._fitting(groups, room_for) == groups[:number]


def test_opening_rooms_says_how_many_writes_it_takes(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    ids = [stage.world.arrive().id for _ in range(5)]
    writes: list[int] = []

    def open_two(ctx: Context) -> None:
        writes.append(waiting_rooms._open(ctx, [ids[:2], ids[2:]]))

    stage.world.app.run(open_two)
    # A room, its message and its members' records each.
    assert writes == [2 + 2 + 2 + 3]


@pytest.mark.parametrize(("room_for", "told"), [(0, 0), (2, 2), (3, 3), (9, 3)])
def test_as_many_are_sent_home_as_one_commit_takes(new_stage: NewStage, room_for: int, told: int) -> None:
    stage = new_stage(Trio)
    posted: list[list[str]] = []

    def send(ctx: Context) -> None:
        waiting_rooms._reject_remaining(ctx, [1, 2, 3], room_for)
        posted.append([message.body["kind"] for message in ctx.uow.posted])
        ctx.uow.posted.clear()
        ctx.uow._changes.clear()  # type: ignore[attr-defined]

    stage.world.app.run(send)
    assert posted[0] == ["reject_overflow"] * told + (["form_rooms"] if told < 3 else [])


# -- hearts and sockets -----------------------------------------------------------------------------


@pytest.mark.parametrize(("silent", "seated"), [(90, True), (91, False)])
def test_a_participant_who_is_silent_for_ninety_seconds_gets_no_seat(
    new_stage: NewStage, silent: float, seated: bool
) -> None:
    stage = new_stage(Pairs)
    stage.arrive()
    stage.world.clock.turn(seconds=silent)
    stage.arrive()
    ask(stage, waiting_rooms.form_rooms)
    assert bool(stage.rooms()) is seated


@pytest.mark.parametrize(("after", "is_noted"), [(9.9, False), (10, True)])
def test_a_heartbeat_is_recorded_every_ten_seconds(new_stage: NewStage, after: float, is_noted: bool) -> None:
    stage = new_stage(Trio)
    person = stage.arrive()
    stage.state(person)
    before = entry(stage, person)
    assert before is not None
    stage.world.clock.turn(seconds=after)
    stage.state(person)
    now = entry(stage, person)
    assert now is not None
    assert (now["seen"] != before["seen"], now["since"]) == (is_noted, before["since"])


def test_a_ghost_that_comes_back_has_rooms_formed(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    ghost = stage.world.arrive()
    stage.world.clock.turn(seconds=100)
    other = stage.world.arrive()
    ask(stage, waiting_rooms.form_rooms)
    before = stage.rooms()
    stage.state(ghost)
    stage.wait(1)
    assert (before, stage.rooms()) == ([], [[ghost.id, other.id]])


def test_a_page_that_asks_over_http_keeps_what_is_known_of_its_socket(new_stage: NewStage) -> None:
    stage = new_stage(Trio)
    person, _ = stage.arrive_with_ear()
    before = entry(stage, person)
    stage.world.clock.turn(seconds=30)
    stage.state(person)
    after = entry(stage, person)
    assert before is not None
    assert after is not None
    assert (before["quiet"], after["quiet"], after["seen"] > before["seen"]) == (True, True, True)


def told_after_listening(stage: Stage, person: Person) -> list[dict[str, Any]]:
    """The state that a page receives within a second of subscribing, when no one else arrives or leaves."""
    stage.wait(5)
    ear = stage.connect(person, "quorum")
    stage.wait(1)
    return ear.told()


def test_a_new_subscriber_gets_the_state_of_the_room(new_stage: NewStage) -> None:
    stage = new_stage(Trio)
    people = [stage.arrive() for _ in range(2)]
    assert [said["n"] for said in told_after_listening(stage, people[0])] == [2]


def test_a_participant_who_has_begun_gets_no_room_state(new_stage: NewStage) -> None:
    stage = new_stage(Trio)
    person = stage.arrive()
    person.join()
    assert told_after_listening(stage, person) == []


def test_without_a_waiting_room_no_state_of_one_is_sent(new_stage: NewStage) -> None:
    stage = new_stage(Meeting)
    assert told_after_listening(stage, stage.arrive()) == []


def test_a_page_that_asks_while_it_has_a_seat_waits_no_more(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    people = [stage.arrive() for _ in range(2)]
    stage.wait(1)
    stage.world.app.run(_forget_lobby)
    stage.world.clock.turn(seconds=30)
    stage.state(people[0])
    assert entry(stage, people[0]) is None


def _forget_lobby(ctx: Context) -> None:
    for item in waiting_rooms.waiting_entries(ctx):
        ctx.uow.delete_item((item["pk"], item["sk"]))


def test_a_participant_who_has_a_node_does_not_wait(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    person = stage.arrive()
    person.join()
    stage.world.app.run(_forget_lobby)
    stage.world.clock.turn(seconds=30)
    stage.state(person)
    assert entry(stage, person) is None


# -- how far it is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "size", "who", "n"),
    [
        ([1], 3, 1, 1),
        ([1, 2], 3, 2, 2),
        ([1, 2, 3], 3, 3, 2),
        ([1, 2, 3, 4], 3, 1, 2),
        ([1, 2, 3, 4], 3, 4, 1),
        ([1, 2, 3, 4, 5], 3, 4, 2),
        ([1, 2, 3], 3, 9, 0),
        ([1, 2], 3, 9, 2),
        ([], 3, 9, 0),
        ([1, 2], 0, 1, 0),
        ([1], 1, 1, 0),
    ],
)
def test_how_many_are_in_the_room_that_a_participant_waits_for(
    here: list[int], size: int, who: int, n: int
) -> None:
    assert waiting_rooms.room_fill(here, size, who) == n


def test_a_page_gets_the_time_since_which_its_participant_waits(new_stage: NewStage) -> None:
    stage = new_stage(Trio)
    begun = stage.world.clock.now()
    person = stage.arrive()
    stage.world.clock.turn(seconds=20)
    assert stage.state(person)["since"] == begun.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_pages_get_the_state_of_their_own_room(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Meeting, room_size=3))
    ears = [stage.arrive_with_ear()[1] for _ in range(2)]
    stage.wait(1)
    ids = [item["id"] for item in stage.world.items("waiting")]
    told = stage.world.app.run(waiting_rooms.room_counts)
    assert told == [(ids, {"q": 3, "n": 2, "overrecruited": False})]
    assert [ear.told()[-1]["n"] for ear in ears] == [2, 2]


@pytest.mark.parametrize(
    ("people", "told"), [(1, [1]), (2, [2]), (3, [2]), (4, [2, 1]), (6, [2, 2]), (7, [2, 2, 1])]
)
def test_each_waiting_group_gets_its_own_state(new_stage: NewStage, people: int, told: list[int]) -> None:
    stage = new_stage(with_members(Meeting, room_size=3, is_overrecruited=never_overrecruited))
    ids = [stage.world.arrive().id for _ in range(people)]
    said = stage.world.app.run(waiting_rooms.room_counts)
    assert [state["n"] for _, state in said] == told
    assert [group for group, _ in said] == [ids[start : start + 3] for start in range(0, people, 3)]


# -- leaving ----------------------------------------------------------------------------------------


def test_rooms_are_numbered_on_after_a_participant_left(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Pairs, waiting_timeout=5))
    for _ in range(2):
        stage.arrive()
    stage.wait(1)
    alone = stage.arrive()
    ask(stage, waiting_rooms.handle_waiting_timeout, alone.id)
    for _ in range(2):
        stage.arrive()
    stage.wait(1)
    assert sorted(item["id"] for item in stage.world.items("room")) == [1, 2]


def test_a_participant_who_has_a_seat_cannot_leave_the_lobby(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    people = [stage.arrive() for _ in range(2)]
    stage.wait(1)

    def leave(ctx: Context) -> None:
        with pytest.raises(Conflict, match="opened with this participant"):
            waiting_rooms._leave(ctx, people[1].id)

    stage.world.app.run(leave)


@pytest.mark.parametrize(("heard", "stays"), [(-1, False), (0, False), (1, True)])
def test_a_participant_with_a_heartbeat_after_the_socket_closed_still_waits(
    new_stage: NewStage, heard: float, stays: bool
) -> None:
    stage = new_stage(Trio)
    person = stage.arrive()
    closed = stage.world.clock.now() - timedelta(seconds=heard)

    def lose(ctx: Context) -> None:
        found = waiting_rooms.waiting_entry(ctx, person.id)
        assert found is not None
        waiting_rooms.remove_disconnected(
            ctx, ctx.uow.participant(person.id), {**found, "quiet": True}, iso(closed) or ""
        )

    ask(stage, lose)
    kept = entry(stage, person)
    assert (kept is not None and kept["quiet"] is False) is stays


# -- at one moment ----------------------------------------------------------------------------------


def at_one_moment(stage: Stage, first: Callable[[Context], Any], then: Callable[[Context], Any]) -> None:
    """Let one operation commit between another's reading and its writing; the other runs again."""
    left = [first]

    def both(ctx: Context) -> None:
        then(ctx)
        if left:
            stage.world.app.run(left.pop())

    stage.world.app.run(both)
    stage.world.work()


def test_two_consumers_that_form_rooms_concurrently_seat_each_participant_once(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    people = [stage.world.arrive().id for _ in range(5)]
    at_one_moment(stage, waiting_rooms.form_rooms, waiting_rooms.form_rooms)
    assert stage.rooms() == [people[0:2], people[2:4]]


def test_a_participant_who_waited_too_long_while_a_room_opened_keeps_the_seat(new_stage: NewStage) -> None:
    stage = new_stage(with_members(Pairs, waiting_timeout=5))
    person = stage.world.arrive()

    def one_more_and_a_room(ctx: Context) -> None:
        del ctx
        stage.world.arrive()
        stage.world.app.run(waiting_rooms.form_rooms)

    at_one_moment(
        stage, one_more_and_a_room, lambda ctx: waiting_rooms.handle_waiting_timeout(ctx, person.id)
    )
    (kept, _) = stage.world.items("participant")
    assert (len(stage.rooms()), kept.get("released")) == (1, None)


def test_two_who_waited_too_long_at_one_moment_open_one_smaller_room(new_stage: NewStage) -> None:
    stage = small_rooms(new_stage)
    first, second = [stage.world.arrive() for _ in range(2)]
    at_one_moment(
        stage,
        lambda ctx: waiting_rooms.handle_waiting_timeout(ctx, first.id),
        lambda ctx: waiting_rooms.handle_waiting_timeout(ctx, second.id),
    )
    assert stage.rooms() == [[first.id, second.id]]


def test_rooms_are_read_again_before_they_are_changed(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)
    for _ in range(2):
        stage.world.arrive()
    seen: list[int] = []

    def look_twice(ctx: Context) -> None:
        seen.append(len(waiting_rooms.opened_rooms(ctx)))
        stage.world.app.run(waiting_rooms.form_rooms)
        seen.append(len(waiting_rooms.lock_rooms(ctx)))

    stage.world.app.run(look_twice)
    assert seen == [0, 1]


def test_rooms_that_are_being_opened_are_a_conflict(new_stage: NewStage) -> None:
    stage = new_stage(Pairs)

    def half(ctx: Context) -> None:
        ctx.uow.put_unconditional((keys.ROOMS, "000001"), "room", {"id": 1, "members": [7, 8], "opened": ""})

    stage.world.app.run(half)
    with stage.world.app.store.begin(stage.world.clock.now()) as work:
        ctx = Context.__new__(Context)
        object.__setattr__(ctx, "uow", work)
        object.__setattr__(ctx, "read", {})
        with pytest.raises(Conflict, match="opening rooms"):
            waiting_rooms.lock_rooms(ctx)


# -- what is posted, and when -----------------------------------------------------------------------


def test_a_participant_is_asked_whether_they_waited_too_long_when_the_time_is_up(
    new_stage: NewStage,
) -> None:
    stage = small_rooms(new_stage)
    person = stage.arrive()
    (timeout,) = [item for item in stage.world.items("message") if item["body"]["kind"] == "waiting_timeout"]
    due = iso(stage.world.clock.now() + timedelta(minutes=5))
    assert (timeout["sk"][:27], timeout["body"]["participant_id"]) == (due, person.id)


def test_a_large_room_leaves_less_of_its_commit_for_those_without_a_seat(new_stage: NewStage) -> None:
    """Of ninety writes, the room takes two and one for each of its sixty members."""
    stage = new_stage(with_members(Meeting, quorum=60, is_overrecruited=never_overrecruited))
    for _ in range(92):
        stage.world.arrive()
    posted: list[str] = []

    def form(ctx: Context) -> None:
        waiting_rooms.form_rooms(ctx)
        posted.extend(message.body["kind"] for message in ctx.uow.posted)

    stage.world.app.run(form)
    assert posted.count("reject_overflow") == 28
    assert posted.count("form_rooms") == 1


def test_the_hook_of_a_room_draws_again_for_each_room(new_stage: NewStage) -> None:
    seeds: list[tuple[int, list[int], str | None]] = []

    def room_opened(self: Any, number: int, participants: list[Any]) -> None:
        seeds.append((number, [one.id for one in participants], self.random_seed))
        self.random.random()

    stage = new_stage(with_members(Pairs, room_opened=room_opened))
    for _ in range(4):
        stage.arrive()
    stage.wait(1)
    assert seeds == [(1, [1, 2], "seed|0|room_opened|0"), (2, [3, 4], "seed|0|room_opened|1")]
