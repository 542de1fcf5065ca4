"""A user chooses a password with a link that a person who manages them has made."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.access.rights import LAB_ADMIN, SUPER_ADMIN, VIEWER, Actor, Right
from chalicelib.dashboard import sessions
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.errors import Forbidden, NotFound, Refused
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.accounts.users import add_user, remove_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import OPERATOR_TOKEN, World

from .signing_in import PASSWORD, StrangersBrowser, add_user_with_password, give_codes

OK, REDIRECTED, REFUSED, SIGNED_OUT, FORBIDDEN = 200, 303, 400, 401, 403
NEW = "eleven quiet harbours wait"


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world()
    made.app.run(add_user, "ada", "Ada", role=VIEWER, caller=OPERATOR_CALLER)
    return made


def ticket_for(here: World, username: str = "ada") -> str:
    said = DashboardBrowser(here).press(f"people/{username}/make-password-link")
    found = re.search(
        r"<code>http://localhost:5000/dashboard/sign-in/new-password\?ticket=([\w-]+)</code>",
        said.raw.decode(),
    )
    assert found is not None
    return found[1]


def choose(browser: StrangersBrowser, ticket: str, new: str = NEW, again: str = NEW) -> int:
    fields = {"ticket": ticket, "new-password": new, "again": again}
    return browser.post("sign-in/new-password", fields).status


def test_a_link_lets_its_user_choose_a_password_once(here: World) -> None:
    ticket = ticket_for(here)
    browser = StrangersBrowser(here)
    with here.unchanged():
        shown = here.get("/dashboard/sign-in/new-password", {"ticket": ticket}, headers=browser.headers)
    assert (shown.status, b'value="ada"' in shown.raw) == (OK, True)
    assert choose(browser, ticket) == OK
    assert browser.sign_in(password=NEW).status == REDIRECTED
    other = StrangersBrowser(here)
    assert choose(other, ticket, PASSWORD, PASSWORD) == SIGNED_OUT
    assert other.sign_in(password=PASSWORD).status == SIGNED_OUT
    operations = [
        each.entry.operation for each in here.app.run(list_entries, "user:ada", caller=OPERATOR_CALLER)
    ]
    assert operations == ["sessions.begin", "credentials.set_password"]


@pytest.mark.parametrize(("new", "again"), [("short", "short"), (NEW, NEW + "!"), ("", "")])
def test_a_refused_password_does_not_use_the_link_up(here: World, new: str, again: str) -> None:
    ticket = ticket_for(here)
    browser = StrangersBrowser(here)
    assert choose(browser, ticket, new, again) == REFUSED
    assert choose(browser, ticket) == OK


def test_a_reset_ends_the_users_sessions_and_keeps_their_one_time_codes(here: World) -> None:
    give_codes(here)
    browser = StrangersBrowser(here)
    said = browser.post("sign-in", {"ticket": here.app.run(sessions.create_ticket, "user:ada")})
    assert said.status == REDIRECTED
    assert choose(StrangersBrowser(here), ticket_for(here)) == OK
    assert browser.open("account").status == SIGNED_OUT
    asked = StrangersBrowser(here).sign_in(password=NEW)
    assert b'name="challenge"' in asked.raw


def test_a_link_expires_and_goes_with_its_user(here: World) -> None:
    late, removed = ticket_for(here), ticket_for(here)
    here.clock.turn(hours=24)
    assert choose(StrangersBrowser(here), late) == SIGNED_OUT
    removed = ticket_for(here)
    here.app.run(remove_user, "ada", caller=OPERATOR_CALLER)
    here.app.run(add_user, "ada", "Another Ada", role=SUPER_ADMIN, caller=OPERATOR_CALLER)
    assert choose(StrangersBrowser(here), removed) == SIGNED_OUT
    assert here.items("credential") == []


def test_a_link_that_signs_in_chooses_no_password_and_the_other_way_round(here: World) -> None:
    signs_in = here.app.run(sessions.create_ticket_for_user, "ada", caller=OPERATOR_CALLER)
    browser = StrangersBrowser(here)
    assert choose(browser, signs_in) == SIGNED_OUT
    assert browser.post("sign-in", {"ticket": ticket_for(here)}).status == SIGNED_OUT
    assert browser.session is None


def _actor(here: World, username: str) -> Actor:
    found = here.app.run(find_actor, f"user:{username}")
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["users.make-password-link", "users.turn-off-codes"])
def test_only_a_person_with_all_rights_of_the_user_makes_links_and_turns_codes_off(
    here: World, name: str
) -> None:
    for username, role in (("lea", LAB_ADMIN), ("sam", SUPER_ADMIN)):
        add_user_with_password(here, username, role)
        give_codes(here, username)
    lea = _actor(here, "lea")
    token = Actor("token:lea/ci", "ci", lea.rights)
    refusals: list[tuple[Actor, str, type[Refused]]] = [
        (_actor(here, "ada"), "lea", Forbidden),
        (lea, "sam", Forbidden),
        (token, "ada", Forbidden),
        (lea, "zoe", NotFound),
    ]
    for by, username, refusal in refusals:
        with here.unchanged(), pytest.raises(refusal):
            run_operation(by, "", name, id=username)
    assert Right.MANAGE_LAB in lea.rights
    run_operation(_actor(here, "sam"), "", name, id="lea")


def test_the_answer_with_a_link_is_not_stored_for_repeated_requests(here: World) -> None:
    order: dict[str, Any] = {"token": OPERATOR_TOKEN, "request_id": "r1"}
    made = here.post_json("/api/v1/users/ada/make-password-link", {}, **order)
    ticket = made["path"].partition("ticket=")[2]
    assert choose(StrangersBrowser(here), ticket) == OK
    assert ticket not in str(here.items())


def test_a_user_makes_no_link_and_no_token_for_another_after_ten_minutes(here: World) -> None:
    add_user_with_password(here, "sam", SUPER_ADMIN)
    browser = StrangersBrowser(here)
    browser.sign_in("sam")
    here.clock.turn(minutes=10)
    for path in ("make-password-link", "make-token", "turn-off-codes"):
        with here.unchanged():
            said = browser.post(f"people/ada/{path}", {"name": "ci"})
        assert (said.status, b"Confirm your password" in said.raw) == (FORBIDDEN, True)
