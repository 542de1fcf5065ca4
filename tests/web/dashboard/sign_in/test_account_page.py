"""My account: what users change about how they sign in, their tokens and their sessions."""

from __future__ import annotations

import pytest

from chalicelib.operations.accounts.actors import authenticate_token
from chalicelib.operations.accounts.open_sessions import list_sessions
from chalicelib.operations.accounts.users import add_user, revoke_from_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import World

from .signing_in import PASSWORD, StrangersBrowser, add_user_with_password

OK, REDIRECTED, REFUSED, SIGNED_OUT, FORBIDDEN, NOT_FOUND, CONFLICT, PAUSED = (
    200,
    303,
    400,
    401,
    403,
    404,
    409,
    429,
)
NEW = "eleven quiet harbours wait"


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world()
    add_user_with_password(made)
    return made


def signed_in(here: World, username: str = "ada", password: str = PASSWORD) -> StrangersBrowser:
    browser = StrangersBrowser(here)
    assert browser.sign_in(username, password).status == REDIRECTED
    return browser


def change(browser: StrangersBrowser, password: str = PASSWORD, new: str = NEW, again: str = NEW) -> int:
    fields = {"password": password, "new-password": new, "again": again}
    return browser.post("account/password", fields).status


def test_a_changed_password_ends_the_other_sessions_and_is_in_the_audit_log(here: World) -> None:
    browser, other = signed_in(here), signed_in(here)
    assert change(browser) == REDIRECTED
    assert (browser.open("account").status, other.open("account").status) == (OK, SIGNED_OUT)
    assert StrangersBrowser(here).sign_in().status == SIGNED_OUT
    assert signed_in(here, password=NEW).session
    entries = here.app.run(list_entries, "user:ada", caller=OPERATOR_CALLER)
    assert "credentials.set_password" in [each.entry.operation for each in entries]


@pytest.mark.parametrize(
    ("password", "new", "again", "status"),
    [
        ("wrong", NEW, NEW, FORBIDDEN),
        ("", NEW, NEW, FORBIDDEN),
        (PASSWORD, NEW, NEW + "!", REFUSED),
        (PASSWORD, "short", "short", REFUSED),
        (PASSWORD, "passwordpassword", "passwordpassword", REFUSED),
        (PASSWORD, "ada ada ada 2026", "ada ada ada 2026", REFUSED),
        (PASSWORD, "é" * 1_001, "é" * 1_001, REFUSED),
    ],
)
def test_a_change_of_the_password_that_is_refused_changes_nothing(
    here: World, password: str, new: str, again: str, status: int
) -> None:
    browser = signed_in(here)
    assert change(browser, password, new, again) == status
    assert signed_in(here).session


def test_guesses_of_the_old_password_are_limited_like_those_at_the_sign_in(here: World) -> None:
    browser = signed_in(here)
    for _ in range(5):
        assert change(browser, "a wrong guess") == FORBIDDEN
    assert change(browser) == PAUSED
    assert browser.post("account/confirm", {"password": PASSWORD}).status == PAUSED


@pytest.mark.parametrize("path", ["begin-codes", "new-recovery-codes", "turn-off-codes", "make-token"])
def test_sensitive_changes_ask_for_the_password_again_after_ten_minutes(here: World, path: str) -> None:
    browser = signed_in(here)
    here.clock.turn(minutes=10)
    with here.unchanged():
        said = browser.post(f"account/{path}", {"name": "ci"})
    assert (said.status, b"Confirm your password on the page" in said.raw) == (FORBIDDEN, True)
    assert browser.post("account/confirm", {"password": "wrong"}).status == FORBIDDEN
    assert browser.post(f"account/{path}", {"name": "ci"}).status == FORBIDDEN
    assert browser.post("account/confirm", {"password": PASSWORD}).status == REDIRECTED
    assert browser.post(f"account/{path}", {"name": "ci"}).status in (OK, REDIRECTED, CONFLICT)


def test_a_user_who_signed_in_with_a_link_sets_a_first_password_at_once(here: World) -> None:
    here.app.run(add_user, "bob", "Bob", role="Viewer", caller=OPERATOR_CALLER)
    browser = _by_link(here, "bob")
    here.clock.turn(minutes=11)
    assert change(browser, "") == FORBIDDEN
    browser = _by_link(here, "bob")
    assert change(browser, "") == REDIRECTED
    assert signed_in(here, "bob", NEW).session


def _by_link(here: World, username: str) -> StrangersBrowser:
    # Lazy import: the other tests of this file need no tickets.
    from chalicelib.dashboard import sessions

    ticket = here.app.run(sessions.create_ticket_for_user, username, caller=OPERATOR_CALLER)
    browser = StrangersBrowser(here)
    assert browser.post("sign-in", {"ticket": ticket}).status == REDIRECTED
    return browser


def test_tokens_have_some_of_the_users_rights_and_are_revoked(here: World) -> None:
    browser = signed_in(here)
    said = browser.post("account/make-token", {"name": "ci", "rights": "View", "days": "3"})
    token = said.raw.decode().partition("<code>petri_")[2].partition("</code>")[0]
    assert here.app.run(authenticate_token, f"petri_{token}").id == "token:ada/ci"
    assert token not in browser.open("account").raw.decode()
    assert browser.post("account/make-token", {"name": "big", "rights": "Pay"}).status == FORBIDDEN
    assert browser.post("account/make-token", {"name": "big", "rights": "All"}).status == REFUSED
    assert browser.post("account/revoke-token", {"name": "ci"}).status == REDIRECTED
    assert here.items("api_token") == []


def test_sessions_are_listed_with_browser_and_address_and_ended_one_by_one_or_all(here: World) -> None:
    browser = signed_in(here)
    elsewhere = StrangersBrowser(here, headers={**browser.headers, "user-agent": "Phone"})
    elsewhere.sign_in()
    page = browser.open("account").raw.decode()
    assert ("Phone" in page, page.count("this one")) == (True, 1)
    phone = next(one for one in here.app.run(list_sessions, caller=OPERATOR_CALLER) if one.agent == "Phone")
    assert (phone.address, phone.how) == ("192.0.2.7", "password")
    assert browser.post("account/end-session", {"session": phone.id}).status == REDIRECTED
    assert elsewhere.open("account").status == SIGNED_OUT
    signed_in(here)
    said = browser.post("account/sign-out-everywhere", {})
    assert (said.headers["location"], here.items("session")) == ("/dashboard/sign-in", [])


def test_a_user_ends_no_session_of_another(here: World) -> None:
    add_user_with_password(here, "lea", "Lab admin")
    browser, admin = signed_in(here), signed_in(here, "lea")
    for session in here.app.run(list_sessions, caller=OPERATOR_CALLER):
        for other, name in ((browser, "user:ada"), (admin, "user:lea")):
            if session.actor != name:
                assert other.post("account/end-session", {"session": session.id}).status == NOT_FOUND
    assert len(here.items("session")) == 2


def test_a_user_whose_rights_are_taken_away_still_sees_their_account_and_nothing_else(here: World) -> None:
    browser = signed_in(here)
    here.app.run(revoke_from_user, "ada", "Viewer", caller=OPERATOR_CALLER)
    assert browser.open("overview").status == FORBIDDEN
    page = browser.open("account")
    assert (page.status, b"nothing yet" in page.raw) == (OK, True)
    said = browser.post("account/make-token", {"name": "ci"})
    assert said.status in (FORBIDDEN, CONFLICT)


def test_the_operator_has_sessions_and_no_account(here: World) -> None:
    browser = DashboardBrowser(here)
    assert "signed in as the operator" in browser.open("account")
    for path in ("password", "begin-codes", "make-token", "confirm"):
        fields = [("new-password", NEW), ("again", NEW), ("password", ""), ("name", "ci")]
        assert browser.press(f"account/{path}", fields).status == FORBIDDEN


@pytest.mark.parametrize("path", ["account/another", "account/password/more"])
def test_an_action_that_does_not_exist_changes_nothing(here: World, path: str) -> None:
    browser = signed_in(here)
    with here.unchanged():
        assert browser.post(path, {}).status == NOT_FOUND


def test_a_change_of_credentials_without_the_sessions_token_is_refused(here: World) -> None:
    browser = signed_in(here)
    with here.unchanged():
        for csrf in ("", "0" * 24):
            said = browser.post("account/password", {"password": PASSWORD, "new-password": NEW}, csrf)
            assert said.status == FORBIDDEN
