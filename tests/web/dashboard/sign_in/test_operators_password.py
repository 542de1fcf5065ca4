"""The settings dashboard_user and dashboard_password: the operator signs in with them."""

from __future__ import annotations

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR
from chalicelib.operations.accounts.credentials import sign_in_limits
from chalicelib.operations.accounts.open_sessions import list_sessions
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.world import World

from .signing_in import PASSWORD, StrangersBrowser, add_user_with_password

OPERATORS = "nine slow lanterns drift"
REDIRECTED, SIGNED_OUT, PAUSED = 303, 401, 429


@pytest.fixture
def here(world: NewWorld) -> World:
    return world(dashboard_user="Boss", dashboard_password=OPERATORS)


def test_the_operator_signs_in_with_all_rights_and_it_is_in_the_audit_log(here: World) -> None:
    browser = StrangersBrowser(here)
    assert browser.sign_in(" boss ", OPERATORS).status == REDIRECTED
    assert browser.open("settings/audit/verify").status == 200
    (session,) = here.app.run(list_sessions, caller=OPERATOR_CALLER)
    assert session.actor == OPERATOR_ACTOR.id
    (entry,) = here.app.run(list_entries, OPERATOR_ACTOR.id, caller=OPERATOR_CALLER)
    assert (entry.entry.operation, entry.values) == ("sessions.begin", {"how": "password of the settings"})


@pytest.mark.parametrize(
    ("username", "password"),
    [("boss", PASSWORD), ("boss", ""), ("admin", OPERATORS), ("operator", OPERATORS)],
)
def test_another_name_or_password_is_refused(here: World, username: str, password: str) -> None:
    assert StrangersBrowser(here).sign_in(username, password).status == SIGNED_OUT


def test_guesses_are_paused_and_then_the_right_password_is_too(here: World) -> None:
    browser = StrangersBrowser(here)
    for _ in range(sign_in_limits.FREE_FAILURES + 1):
        browser.sign_in("boss", PASSWORD)
    assert browser.sign_in("boss", OPERATORS).status == PAUSED


def test_a_user_of_the_same_name_keeps_it(here: World) -> None:
    add_user_with_password(here, "boss")
    assert StrangersBrowser(here).sign_in("boss", OPERATORS).status == SIGNED_OUT
    browser = StrangersBrowser(here)
    assert browser.sign_in("boss", PASSWORD).status == REDIRECTED
    assert browser.open("settings/audit/verify").status == 403


@pytest.mark.parametrize("password", ["short", "administrator", ""])
def test_a_password_that_others_guess_has_no_effect(
    world: NewWorld, caplog: pytest.LogCaptureFixture, password: str
) -> None:
    here = world(dashboard_password=password)
    assert StrangersBrowser(here).sign_in("admin", password).status == SIGNED_OUT
    assert ("dashboard_password has no effect" in caplog.text) == bool(password)
    assert not password or password not in caplog.text.replace("dashboard_password", "")
