"""Live: who waits, which rooms and groups play, and opening a room before it is full."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from chalicelib.access.rights import ROLES, Actor
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.errors import Forbidden, InvalidState, NotFound
from chalicelib.model.record import iso
from chalicelib.operations.realtime.dropouts import DISCONNECTED_SINCE
from chalicelib.operations.shared.context import OPERATOR_ACTOR, Context
from chalicelib.study.study import Study
from petri.study import End, Group, Page, Wait, number
from tests.study.studies import OpenStudy, answer, due, open_study
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.experiments import Talk, with_hooks
from tests.web.world import Person, World

__all__ = ["open_study"]

VIEWER = Actor("user:vic", "Vic", ROLES["Viewer"])


@pytest.fixture
def lobby(world: NewWorld) -> World:
    """A run whose rooms hold three, with two participants who wait."""
    here = world(with_hooks(Talk, room_size=3))
    here.arrive()
    here.arrive()
    here.work()
    return here


def test_a_run_without_participants_says_who_will_appear(world: NewWorld) -> None:
    page = DashboardBrowser(world(Talk)).open("live")
    assert "No participant is waiting" in page
    assert "No participant is taking part alone" in page


def test_a_room_is_opened_with_those_who_wait_although_it_is_not_full(lobby: World) -> None:
    browser = DashboardBrowser(lobby)
    assert "Opens a room now with up to 2 of those who wait" in browser.open("live")
    said = browser.press("live/room/open")
    assert (said.status, said.headers["location"]) == (303, "/dashboard/live?opened=2")
    live = run_operation(VIEWER, "", "live.read")
    assert live.waiting == []
    assert [[one.participant_id for one in group.members] for group in live.groups] == [[1, 2]]
    assert "Room 1" in browser.open("live")
    with lobby.unchanged():
        assert browser.press("live/room/open").status == 409


def needs(here: World) -> str:
    """Return the overview's text as it is read."""
    return re.sub(r"\s+", " ", html.unescape(DashboardBrowser(here).open("overview")))


def test_a_waiting_room_that_cannot_fill_any_more_needs_a_person(lobby: World) -> None:
    assert "participants wait in" not in needs(lobby)
    assert DashboardBrowser(lobby).press("recruitment/close").status == 303
    lobby.work()
    found = needs(lobby)
    assert "2 participants wait in the waiting room, which takes 3 and can't fill any more" in found
    assert 'href="/dashboard/live#waiting">Look at who waits</a>' in found
    assert 'id="waiting"' in DashboardBrowser(lobby).open("live")
    DashboardBrowser(lobby).press("live/room/open")
    assert "participants wait in" not in needs(lobby)


def test_a_waiting_room_whose_limit_has_passed_needs_a_person(world: NewWorld) -> None:
    here = world(with_hooks(Talk, room_size=3, waiting_timeout=10))
    here.arrive()
    here.clock.turn(minutes=12)
    assert "participant waits" not in needs(here)
    here.clock.turn(minutes=2)
    assert "1 participant waits in the waiting room, the first of them longer than the 10 min" in needs(here)


@pytest.mark.parametrize(("min_size", "is_stuck"), [(2, False), (0, True)])
def test_a_room_that_opens_smaller_at_its_limit_is_not_stuck_before(
    world: NewWorld, min_size: int, is_stuck: bool
) -> None:
    here = world(with_hooks(Talk, room_size=3, min_size=min_size, waiting_timeout=10))
    here.arrive()
    here.arrive()
    DashboardBrowser(here).press("recruitment/close")
    assert ("can't fill any more" in needs(here)) is is_stuck


def test_a_room_opens_with_no_fewer_participants_than_its_least_size(world: NewWorld) -> None:
    here = world(with_hooks(Talk, room_size=4, min_size=3))
    for _ in range(2):
        here.arrive()
    here.work()
    browser = DashboardBrowser(here)
    page = browser.open("live")
    assert "A room needs at least 3 participants whose page is open; 2 wait now." in page
    assert "Open a room now" not in page
    with here.unchanged():
        refused = browser.press("live/room/open")
    assert refused.status == 409
    assert "need at least 3 participants" in refused.raw.decode()
    here.arrive()
    here.work()
    assert "Open a room now" in browser.open("live")
    assert browser.press("live/room/open").headers["location"] == "/dashboard/live?opened=3"


def test_live_goes_on_by_cursor_and_shows_each_participant_and_each_room_once(world: NewWorld) -> None:
    here = world(with_hooks(Talk, room_size=2))
    for _ in range(2):
        here.arrive()
        here.arrive()
        act("live.open-room")
    here.arrive()
    seen: list[int] = []
    rooms: list[list[int]] = []
    after, first = None, True
    while first or after:
        live = run_operation(VIEWER, "", "live.read", after=after, limit=1)
        seen += [one.participant_id for one in (*live.waiting, *live.alone)]
        rooms += [[one.participant_id for one in group.members] for group in live.groups]
        after, first = live.next, False
        assert live.working == 5
    assert (rooms, seen) == ([[3, 4], [1, 2]], [5])


def test_an_experiment_without_a_waiting_room_opens_none(world: NewWorld) -> None:
    here = world(Talk)
    here.arrive()
    browser = DashboardBrowser(here)
    with here.unchanged():
        said = browser.press("live/room/open")
    assert said.status == 409
    assert "has no waiting room" in said.raw.decode()


def test_participants_who_wait_can_be_selected_and_let_go_with_pay(lobby: World) -> None:
    browser = DashboardBrowser(lobby)
    page = browser.open("live")
    assert 'action="/dashboard/participants/selected/release"' in page
    assert page.count('name="ids"') == 2
    browser.press("participants/selected/release", [("ids", "1"), ("ids", "2")])
    assert run_operation(VIEWER, "", "live.read").waiting == []


def test_participants_who_have_disconnected_are_marked(world: NewWorld) -> None:
    here = world(Talk)
    here.arrive()

    def disconnect(ctx: Context) -> None:
        person = ctx.uow.participant(1)
        person.details = {**person.details, DISCONNECTED_SINCE: iso(ctx.now)}

    here.app.run(disconnect)
    assert [one.is_disconnected for one in run_operation(VIEWER, "", "live.read").alone] == [True]
    assert "disconnected" in DashboardBrowser(here).open("live")


def test_only_actors_who_may_run_live_sessions_open_rooms_and_only_with_the_sessions_token(
    lobby: World,
) -> None:
    with lobby.unchanged(), pytest.raises(Forbidden):
        run_operation(VIEWER, "", "live.open-room")
    browser = DashboardBrowser(lobby)
    with lobby.unchanged():
        assert lobby.post("/dashboard/live/room/open", {}, headers=browser.headers).status == 403
        assert browser.press("live/room/eat").status == 404


class Trio(Study):
    mine = number("Which number?", minimum=0, maximum=10)
    timeline = [Group(3, wait_minutes=5), Page("name", ask="mine"), Wait(), End()]


def test_a_group_of_a_study_shows_the_page_of_each_member_and_who_waits_for_a_group(
    open_study: OpenStudy,
) -> None:
    here = open_study(Trio)
    people = [here.arrive() for _ in range(4)]
    for person in people:
        due(person)
    here.work()
    answer(people[0], mine=4)
    live = run_operation(VIEWER, "", "live.read")
    (group,) = live.groups
    assert group.page == "name"
    assert [one.page == group.page for one in group.members] == [False, True, True]
    assert [one.participant_id for one in live.waiting] == [people[3].id]
    assert live.alone == []
    assert live.waiting[0].since is not None
    assert run_operation(VIEWER, "", "stop.preview").waiting == [people[3].id]


def test_a_member_with_a_seat_who_has_not_moved_yet_is_not_waiting_and_is_not_released(
    open_study: OpenStudy,
) -> None:
    here = open_study(Trio)
    people = [here.arrive() for _ in range(2)]
    for person in people:
        due(person)

    def seat(ctx: Context) -> None:
        """Give the first a seat, as the commit that forms a large group does before its members move."""
        (item,) = [one for one in here.items("pooled") if one["participant_id"] == people[0].id]
        fields = {name: value for name, value in item.items() if name not in ("pk", "sk", "kind", "v")}
        ctx.uow.put_item((item["pk"], item["sk"]), "pooled", {**fields, "network_id": 1}, expect=item["v"])

    here.app.run(seat)
    assert act("stop.preview").waiting == [people[1].id]
    with pytest.raises(InvalidState, match="plays on"):
        act("participants.release", id=str(people[0].id), only_if_waiting=True)
    released = act("stop.release-waiting")
    assert (released.released, released.still_waiting) == ([people[1].id], 0)
    ended = {item["participant_id"]: bool(item.get("ended")) for item in here.items("place")}
    assert [ended[person.id] for person in people] == [False, True]


class Early(Study):
    """Groups of three, or of two if no third comes."""

    mine = number("Which number?", minimum=0, maximum=9)
    timeline = (
        Page("welcome"),
        Group(3, minimum=2, wait_minutes=5),
        Page("name", ask="mine", on_timeout={"mine": 7}),
        Wait(),
        Page("result"),
        End(),
    )


class FullOnly(Early):
    timeline = (Page("welcome"), Group(3), Page("name", ask="mine"), End())


def come_to_group(here: World, count: int) -> list[Person]:
    people = [here.arrive() for _ in range(count)]
    for person in people:
        due(person)
        answer(person)
    here.work()
    return people


def act(name: str, **parameters: Any) -> Any:
    return run_operation(OPERATOR_ACTOR, "", name, **parameters)


def test_a_group_is_formed_early_and_moved_on_from_the_page_that_a_person_has_seen(
    open_study: OpenStudy,
) -> None:
    here = open_study(Early)
    people = come_to_group(here, 2)
    browser = DashboardBrowser(here)
    assert "Forms group now, of 1, 2: 2 of 3 members." in browser.open("live")
    said = browser.press("live/group/form", [("at", "group")])
    assert (said.status, said.headers["location"]) == (303, "/dashboard/live?formed=2")
    answer(people[0], mine=3)
    page = browser.open("live")
    assert "Move participant 2 on" in page
    (group,) = act("live.read").groups
    assert [one.is_movable for one in group.members] == [False, True]
    moving = f"live/{group.network_id}/move-on"
    assert browser.press(moving, [("page", "name")]).headers["location"] == "/dashboard/live?moved=1"
    here.work()
    assert [due(person)["page"] for person in people] == ["result", "result"]
    kept = {item["participant_id"]: item["answers"][""]["mine"] for item in here.items("place")}
    assert kept == {1: 3, 2: 7}
    with here.unchanged():
        assert "is on the page" in browser.press(moving, [("page", "name")]).raw.decode()


def test_a_group_of_a_study_that_cannot_fill_any_more_or_waits_too_long_needs_a_person(
    open_study: OpenStudy,
) -> None:
    here = open_study(FullOnly)
    come_to_group(here, 2)
    due(here.arrive())
    act("recruitment.close")
    here.work()
    assert act("overview.progress").stuck_rooms == []
    here.app.recent_reads.clear()
    act("participants.release", id="3")
    (room,) = act("overview.progress").stuck_rooms
    assert (room.name, room.size, room.waiting, room.can_fill) == ("the group 'group'", 3, 2, False)
    assert "2 participants wait in the group 'group', which takes 3 and can't fill any more" in needs(here)


@pytest.mark.parametrize(
    ("study", "count", "why"), [(FullOnly, 2, "give it a minimum"), (Early, 1, "at least 2 members")]
)
def test_a_group_of_a_size_that_the_study_does_not_allow_is_refused_with_the_reason(
    open_study: OpenStudy, study: type[Study], count: int, why: str
) -> None:
    here = open_study(study)
    come_to_group(here, count)
    browser = DashboardBrowser(here)
    page = browser.open("live")
    assert why in page
    assert "Form the group now" not in page
    with here.unchanged():
        said = browser.press("live/group/form", [("at", "group")])
    assert said.status == 409
    assert why in said.raw.decode()


def test_moving_on_from_a_page_without_defaults_ends_the_parts_of_its_members_with_pay(
    open_study: OpenStudy,
) -> None:
    here = open_study(FullOnly)
    people = come_to_group(here, 3)
    (group,) = act("live.read").groups
    moved = act("live.move-on", id=str(group.network_id), page="name")
    assert (moved.moved, moved.ended, moved.left) == ([1, 2, 3], [1, 2, 3], 0)
    assert {due(person)["kind"] for person in people} == {"end"}
    with here.unchanged(), pytest.raises(InvalidState):
        act("live.move-on", id=str(group.network_id), page="name")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("live.form-group", {"at": "welcome"}),
        ("live.form-group", {"at": "nowhere[2]/group"}),
        ("live.move-on", {"id": "77", "page": "name"}),
        ("live.move-on", {"id": "x", "page": "name"}),
    ],
)
def test_a_group_or_a_path_that_does_not_exist_is_not_found(
    open_study: OpenStudy, name: str, parameters: dict[str, str]
) -> None:
    here = open_study(Early)
    with here.unchanged(), pytest.raises(NotFound):
        act(name, **parameters)
    with here.unchanged(), pytest.raises(Forbidden):
        run_operation(VIEWER, "", name, **parameters)
