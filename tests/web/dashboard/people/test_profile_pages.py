"""Profiles on the dashboard: one's own, those of others, and which fields are personal."""

from __future__ import annotations

import pytest

from chalicelib.access.rights import LAB_ADMIN, RESEARCHER, VIEWER, Right
from chalicelib.dashboard import sessions
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.accounts.users import add_user, grant_to_user, read_user
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import Said, World

HOSTILE = '<b hx-post="/dashboard/sign-out" hx-trigger="load">{{ 7 * 7 }}</b>'
FORM = [
    ("name", "Ada L."),
    ("first_name", "Ada"),
    ("last_name", "Lovelace"),
    ("email", "ada@example.org"),
    ("phone", "+44 1234"),
    ("affiliations", "Lab A;  Lab B ;"),
]


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world()
    for username, role in (("lea", LAB_ADMIN), ("ada", RESEARCHER), ("vic", VIEWER)):
        made.app.run(add_user, username, username.title(), role=role, caller=OPERATOR_CALLER)
    return made


def browser_of(here: World, username: str) -> DashboardBrowser:
    ticket = here.app.run(sessions.create_ticket_for_user, username, caller=OPERATOR_CALLER)
    return DashboardBrowser(here, ticket)


def text(said: Said) -> str:
    return said.raw.decode()


def test_a_user_changes_their_own_profile_and_a_lab_admin_that_of_others(here: World) -> None:
    ada, lea = browser_of(here, "ada"), browser_of(here, "lea")
    assert ada.press("profile", FORM).headers["location"] == "/dashboard/profile?said=change"
    page = ada.open("profile")
    for shown in ("Ada L.", "ada@example.org", "+44 1234", "Lab A; Lab B"):
        assert shown in page
        assert shown in lea.open("people/ada")
    lea.press("people/ada/change", [("name", "Countess"), ("email", ""), ("affiliations", "")])
    lea.press("people/ada/expiry", [("days", "30"), ("bot", "on")])
    user = here.app.run(read_user, "ada", caller=OPERATOR_CALLER).user
    assert (user.name, user.email, user.affiliations, user.is_bot) == ("Countess", "", (), True)
    assert user.expires is not None
    lea.press("people/ada/expiry", [("days", "")])
    user = here.app.run(read_user, "ada", caller=OPERATOR_CALLER).user
    assert (user.expires, user.is_bot) == (None, False)
    refused = browser_of(here, "ada").press("people/vic/change", FORM)
    assert refused.status == 403


def test_what_people_write_in_profiles_is_shown_as_text(here: World) -> None:
    ada, lea = browser_of(here, "ada"), browser_of(here, "lea")
    form = [(name, HOSTILE) for name, _ in FORM]
    assert ada.press("profile", form).status == 303
    for page in (ada.open("profile"), lea.open("people/ada"), lea.open("people")):
        assert "<b hx-post" not in page
        assert "{{ 7 * 7 }}" in page


def test_the_operator_has_no_profile(here: World) -> None:
    operator = DashboardBrowser(here)
    said = here.get("/dashboard/profile", headers=operator.headers)
    assert (said.status, "has no profile" in text(said)) == (409, True)


def test_addresses_and_phones_are_for_who_views_personal_data_and_for_oneself(here: World) -> None:
    browser_of(here, "ada").press("profile", FORM)
    here.app.run(grant_to_user, "vic", Right.MANAGE_LAB, caller=OPERATOR_CALLER)
    vic = here.app.run(find_actor, "user:vic")
    row = run_operation(vic, "", "users.read", id="ada")
    assert (row.email, row.phone, row.name) == (None, None, "Ada L.")
    page = browser_of(here, "vic").open("people/ada")
    assert "ada@example.org" not in page
    assert "+44 1234" not in page
    own = run_operation(here.app.run(find_actor, "user:ada"), "", "users.me")
    assert (own.email, own.phone) == ("ada@example.org", "+44 1234")
