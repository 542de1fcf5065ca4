"""/join: people join a live session with its PIN and a name; /join/remote is a second device of its host."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from chalicelib.operations.live_sessions.host_actions import HostAction, act
from chalicelib.operations.live_sessions.host_view import HostView, host_view
from chalicelib.operations.live_sessions.joining_players import check_name, is_offensive
from chalicelib.operations.live_sessions.opening import OpenedLiveSession, open_session
from chalicelib.operations.live_sessions.remote_control import make_remote, revoke_remote
from chalicelib.operations.shared.context import OPERATOR_CALLER
from petri.study import End, Form, Hosted, Study, choice
from tests.study.studies import OpenStudy, open_study
from tests.web.conftest import NewWorld
from tests.web.experiments import Talk
from tests.web.world import Said, World

__all__ = ["open_study"]


class Quiz(Study):
    """One question that a host paces."""

    language = "de"
    capital = choice("Was ist die Hauptstadt von Frankreich?", ["Paris", "Lyon"], right="Paris")
    timeline = (Hosted([Form("capital", ask="capital", seconds=20)]), End())


def operate(here: World, operation: Any, *args: Any, **more: Any) -> Any:
    return here.app.run(operation, *args, caller=OPERATOR_CALLER, **more)


@pytest.fixture
def here(open_study: OpenStudy) -> World:
    return open_study(Quiz, mode="live", recruiter="link", link_workers="any", mailer="log")


@pytest.fixture
def opened(here: World) -> OpenedLiveSession:
    found: OpenedLiveSession = operate(here, open_session)
    return found


def join(here: World, pin: str, name: str, **more: str) -> Said:
    return here.post("/join", {"pin": pin, "name": name, **more})


def view(here: World) -> HostView:
    found: HostView = operate(here, host_view, 1)
    return found


def test_the_form_is_in_the_language_of_the_study_and_a_link_fills_in_the_pin(
    here: World, opened: OpenedLiveSession
) -> None:
    page = here.get("/join", {"pin": opened.pin}).raw.decode()
    assert '<html lang="de" dir="ltr">' in page
    assert f'value="{opened.pin}"' in page
    assert "Teilnehmen</button>" in page


def test_a_player_gets_a_link_of_their_own_with_which_they_take_part(
    here: World, opened: OpenedLiveSession
) -> None:
    said = join(here, f"{opened.pin[:3]} {opened.pin[3:]}", "  Ada  ")
    assert said.status == 303
    assert said.headers["referrer-policy"] == "no-referrer"
    address = urlsplit(said.headers["location"])
    assert address.path == "/exp"
    begun = here.post("/participant", {**dict(parse_qsl(address.query))})
    assert begun.status == 200, begun
    token = begun["token"]
    held = here.get("/page", token=token)
    assert (held["page"], "Ada" in held["html"]) == ("held", True)
    assert [one.name for one in view(here).players] == ["Ada"]


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"pin": "000000"}, 403, "Keine Sitzung hat diese PIN"),
        ({"pin": "12"}, 403, "Keine Sitzung hat diese PIN"),
        ({"name": "  "}, 400, "mindestens einem Buchstaben"),
        ({"name": "x" * 31}, 400, "höchstens 30 Zeichen"),
        ({"name": "Ada\u202e"}, 400, "nicht angezeigt werden können"),
        ({"name": "F u c k e r 1 fuck"}, 400, "einen anderen Namen"),
    ],
)
def test_a_form_that_is_wrong_says_so_and_keeps_what_was_typed(
    here: World, opened: OpenedLiveSession, fields: dict[str, str], status: int, told: str
) -> None:
    said = here.post("/join", {"pin": opened.pin, "name": "Ada", **fields})
    assert said.status == status
    page = said.raw.decode()
    assert told in page
    assert 'role="alert"' in page
    assert view(here).players == []


def test_names_that_look_alike_are_the_same_name(here: World, opened: OpenedLiveSession) -> None:
    assert join(here, opened.pin, "Zoë").status == 303
    said = join(here, opened.pin, "ZOE")
    assert said.status == 409
    assert "Jemand anderes hat diesen Namen" in said.raw.decode()


def test_what_is_typed_is_escaped_on_the_page(here: World, opened: OpenedLiveSession) -> None:
    page = join(here, "1", '"><script>alert(1)</script>').raw.decode()
    assert "<script>" not in page


def test_a_session_with_a_field_of_its_own_asks_for_it(here: World) -> None:
    opened = operate(here, open_session, "Matrikelnummer")
    assert "Matrikelnummer" in here.get("/join", {"pin": opened.pin}).raw.decode()
    assert "Matrikelnummer" not in here.get("/join", {"pin": "999999"}).raw.decode()
    assert join(here, opened.pin, "Ada").status == 400
    assert join(here, opened.pin, "Ada", custom="4711").status == 303
    assert [item["custom"] for item in here.items("live_player")] == ["4711"]


def test_a_program_that_fills_the_form_in_at_once_is_refused_where_the_run_checks(
    open_study: OpenStudy,
) -> None:
    here = open_study(Quiz, mode="live", recruiter="link", mailer="log", live_bot_check=True)
    opened = operate(here, open_session)
    shown = re.search(r'name="shown" value="([^"]+)"', here.get("/join").raw.decode())[1]
    assert join(here, opened.pin, "Ada", shown=shown).status == 400
    assert (
        join(here, opened.pin, "Ada", shown=f"2020-01-01T00:00:00Z {shown.partition(' ')[2]}").status == 400
    )
    here.clock.turn(seconds=3)
    assert join(here, opened.pin, "Ada", shown=shown).status == 303


def test_an_address_that_tries_many_pins_has_to_wait(here: World, opened: OpenedLiveSession) -> None:
    said = [join(here, f"{number:06d}", "Ada") for number in range(30)]
    assert said[-1].status == 429
    assert int(said[-1].headers["retry-after"]) >= 1


def test_links_with_guessed_pins_have_to_wait_and_show_no_field_of_a_session(here: World) -> None:
    opened = operate(here, open_session, custom_field="Seat row")
    assert "Seat row" in here.get("/join", {"pin": opened.pin}).raw.decode()
    said = [here.get("/join", {"pin": f"{number:06d}"}) for number in range(30)]
    assert (said[0].status, said[-1].status) == (200, 429)
    assert int(said[-1].headers["retry-after"]) >= 1
    for waiting in (here.get("/join", {"pin": opened.pin}), join(here, opened.pin, "Ada")):
        assert (waiting.status, "Seat row" in waiting.raw.decode()) == (429, False)


def test_three_hundred_people_of_one_address_open_the_link_and_join(
    here: World, opened: OpenedLiveSession
) -> None:
    assert {here.get("/join", {"pin": opened.pin}).status for _ in range(301)} == {200}
    assert join(here, opened.pin, "Ada").status == 303


def test_an_experiment_that_is_not_a_study_has_no_live_session(world: NewWorld) -> None:
    here = world(Talk)
    assert here.get("/join").status == 200
    assert join(here, "123456", "Ada").status == 403


def test_a_remote_control_paces_its_session_until_it_is_revoked(
    here: World, opened: OpenedLiveSession
) -> None:
    first = urlsplit(operate(here, make_remote, 1).address).path
    path = urlsplit(operate(here, make_remote, 1).address).path
    assert here.get(first).status == 403
    page = here.get(path).raw.decode()
    assert "Lobby" in page
    assert "Begin</button>" in page
    said = here.post(path, {"action": "next", "shown": "0"})
    assert "Page 1 of 1" in said.raw.decode()
    assert here.post(path, {"action": "next", "shown": "0"}).status == 409
    assert here.post(path, {"action": "dance", "shown": "1"}).status == 400
    assert {item["actor"] for item in here.items("audit_entry")} >= {"remote:1"}
    operate(here, revoke_remote, 1)
    assert here.post(path, {"action": "finish", "shown": "1"}).status == 403
    assert view(here).number == 1


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "/api/v1/live-sessions/1", {}),
        ("POST", "/api/v1/live-sessions/1/act", {"action": "next", "shown": 0}),
        ("POST", "/api/v1/live-sessions/1/kick", {"seat": "live-1-x"}),
        ("POST", "/api/v1/live-sessions/1/remote", {}),
        ("GET", "/dashboard/live-sessions/1", {}),
        ("POST", "/dashboard/live-sessions/1/act", {"action": "next", "shown": 0}),
    ],
)
def test_a_player_can_not_act_as_the_host(
    here: World, opened: OpenedLiveSession, method: str, path: str, fields: dict[str, Any]
) -> None:
    link = urlsplit(join(here, opened.pin, "Ada").headers["location"])
    token = here.post("/participant", dict(parse_qsl(link.query)))["token"]
    with here.unchanged():
        said = here.get(path, token=token) if method == "GET" else here.post_json(path, fields, token=token)
    # At the address of the experiment there is no dashboard.
    assert said.status in (401, 403, 404), said
    assert (view(here).number, [one.name for one in view(here).players]) == (0, ["Ada"])


@pytest.mark.parametrize("code", ["1-", "1-x", "2-abc", "x", "-", "1"])
def test_a_remote_control_that_this_run_has_not_made_is_refused(
    here: World, opened: OpenedLiveSession, code: str
) -> None:
    del opened
    assert here.post(f"/join/remote/{code}", {"action": "next", "shown": "0"}).status == 403


def test_a_remote_control_ends_with_its_session(here: World, opened: OpenedLiveSession) -> None:
    path = urlsplit(operate(here, make_remote, opened.id).address).path
    operate(here, act, opened.id, HostAction.FINISH, 0)
    assert here.get(path).status == 403


@pytest.mark.parametrize("name", ["Dickens", "Scunthorpe", "Nazim", "Titsworth", "Ada", "Hassan"])
def test_names_that_contain_a_short_word_of_the_list_are_accepted(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["fuck", "FUCK you", "f.u.c.k", "4rschl0ch", "h1tler99"])
def test_words_of_the_list_are_found_behind_signs_and_digits(name: str) -> None:
    assert is_offensive(name)
