"""Groups and roles: made, changed and joined on the dashboard, within the rights of the actor."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chalicelib.access.rights import LAB_ADMIN, VIEWER, Actor, Right
from chalicelib.api.operation_table import OPERATIONS
from chalicelib.dashboard import sessions
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.dashboard.pages.people import groups_page
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.world import Said, World

HOSTILE = '<b hx-post="/dashboard/sign-out" hx-trigger="load">{{ 7 * 7 }}</b>'


@pytest.fixture
def here(world: NewWorld) -> World:
    """A run with the lab admin Lea and the viewers Vic and Bob."""
    made = world()
    for username, role in (("lea", LAB_ADMIN), ("vic", VIEWER), ("bob", VIEWER)):
        made.app.run(add_user, username, username.title(), role=role, caller=OPERATOR_CALLER)
    return made


def browser_of(here: World, username: str) -> DashboardBrowser:
    ticket = here.app.run(sessions.create_ticket_for_user, username, caller=OPERATOR_CALLER)
    return DashboardBrowser(here, ticket)


def actor(here: World, username: str) -> Actor:
    found = here.app.run(find_actor, f"user:{username}")
    assert found is not None
    return found


def text(said: Said) -> str:
    return said.raw.decode()


def test_a_group_is_made_granted_a_role_joined_left_and_deleted(here: World) -> None:
    lea, vic = browser_of(here, "lea"), browser_of(here, "vic")
    said = lea.press("groups", [("nickname", "eyelab"), ("name", "Eye Lab"), ("about", "Eyes")])
    assert said.headers["location"] == "/dashboard/groups/eyelab?said=add"
    lea.press("groups/eyelab/grant", [("what", Right.PAY.value), ("days", "7")])
    assert "Eye Lab" in vic.open("groups")
    assert vic.press("groups/eyelab/ask", [("text", "Please")]).status == 303
    assert "An admin of the group decides" in vic.open("groups/eyelab")
    assert "asked to join" in lea.open("groups") or "member" in lea.open("groups")
    assert "Please" in lea.open("groups/eyelab")
    lea.press("groups/eyelab/accept", [("username", "vic")])
    assert Right.PAY in actor(here, "vic").rights
    assert "You are a member" in vic.open("groups/eyelab")
    vic.press("groups/eyelab/remove-member", [("username", "vic")])
    assert actor(here, "vic").rights == {Right.VIEW}
    lea.press("groups/eyelab/add-member", [("username", "bob"), ("days", "3"), ("admin", "on")])
    lea.press("groups/eyelab/change", [("name", "Eyes only"), ("private", "on")])
    assert "Eyes only" in browser_of(here, "bob").open("groups")
    assert "Eyes only" not in vic.open("groups")
    lea.press("groups/eyelab/delete")
    assert "No groups" in vic.open("groups")


@pytest.mark.parametrize(
    ("who", "path", "fields", "status"),
    [
        ("vic", "groups", [("nickname", "mine")], 403),
        ("vic", "groups/eyelab/add-member", [("username", "vic")], 403),
        ("vic", "groups/eyelab/grant", [("what", "Pay")], 403),
        ("vic", "groups/eyelab/accept", [("username", "vic")], 403),
        ("vic", "groups/eyelab/delete", [], 403),
        ("vic", "groups/secret/ask", [], 404),
        ("vic", "groups/eyelab/withdraw", [], 404),
        ("lea", "groups/owners/add-member", [("username", "lea")], 403),
        ("lea", "groups/eyelab/grant", [("what", "Super admin")], 403),
        ("lea", "groups/eyelab/grant", [("what", HOSTILE)], 422),
        ("lea", "groups/eyelab/grant", [("what", "Pay"), ("days", "soon")], 400),
        ("lea", "groups/eyelab/add-member", [("username", "zoe")], 404),
        ("lea", "groups/@vic/delete", [], 409),
        ("lea", "groups", [("nickname", "eye-lab")], 409),
        ("lea", "groups/eyelab/unknown", [], 404),
        ("lea", "roles", [("name", "Owner"), ("rights", "System admin")], 403),
        ("lea", "roles/Root/change", [("rights", "View")], 403),
        ("lea", "roles/Root/delete", [], 403),
    ],
)
def test_what_an_actor_may_not_do_is_refused_on_the_page_and_changes_nothing(
    here: World, who: str, path: str, fields: Sequence[tuple[str, str]], status: int
) -> None:
    operator = DashboardBrowser(here)
    for nickname, private in (("eyelab", []), ("owners", []), ("secret", [("private", "on")])):
        assert operator.press("groups", [("nickname", nickname), *private]).status == 303
    operator.press("groups/owners/grant", [("what", "System admin")])
    assert operator.press("roles", [("name", "Root"), ("rights", "System admin")]).status == 303
    browser = browser_of(here, who)
    with here.unchanged():
        said = browser.press(path, fields)
    assert said.status == status, text(said)
    assert "<b hx-post" not in text(said)


def test_a_role_is_made_changed_and_deleted_on_its_page(here: World) -> None:
    lea = browser_of(here, "lea")
    fields = [("name", "Payday helper"), ("rights", "View"), ("rights", "Pay"), ("about", HOSTILE)]
    assert lea.press("roles", fields).headers["location"] == "/dashboard/roles/Payday%20helper?said=add"
    lea.press("people/vic/grant", [("what", "Payday helper")])
    assert actor(here, "vic").rights == {Right.VIEW, Right.PAY}
    page = lea.open("roles/Payday%20helper")
    assert "A change applies at once to vic" in page
    for shown in (page, lea.open("roles")):
        assert "<b hx-post" not in shown
        assert "&lt;b hx-post" in shown
    refused = lea.press("roles/Payday%20helper/delete")
    assert (refused.status, "granted to vic" in text(refused)) == (409, True)
    lea.press("roles/Payday%20helper/change", [("rights", "View")])
    assert actor(here, "vic").rights == {Right.VIEW}
    lea.press("people/vic/revoke", [("what", "Payday helper")])
    lea.press("roles/Payday%20helper/delete")
    assert "Payday helper" not in lea.open("people")


def test_what_people_write_about_groups_is_shown_as_text(here: World) -> None:
    lea = browser_of(here, "lea")
    lea.press("groups", [("nickname", "eyelab"), ("name", HOSTILE), ("about", HOSTILE)])
    browser_of(here, "vic").press("groups/eyelab/ask", [("text", HOSTILE)])
    for path in ("groups", "groups/eyelab"):
        page = lea.open(path)
        assert "<b hx-post" not in page
        assert "&lt;b hx-post" in page


def test_each_action_of_the_page_is_an_operation_of_the_api() -> None:
    names = {f"groups.{verb}" for verb in groups_page.ACTIONS}
    assert names <= {each.name for each in OPERATIONS}


def test_members_are_listed_with_their_names_over_the_api(here: World) -> None:
    lea = actor(here, "lea")
    run_operation(lea, "", "groups.add", nickname="eyelab", name="Eye Lab")
    run_operation(actor(here, "lea"), "", "groups.add-member", id="eyelab", username="vic")
    seen = run_operation(actor(here, "vic"), "", "groups.read", id="eyelab")
    assert [(one.username, one.name, one.is_admin) for one in seen.members] == [
        ("lea", "Lea", True),
        ("vic", "Vic", False),
    ]
    assert (seen.is_member, seen.is_admitting, seen.requests) == (True, False, [])
    single, _ = run_operation(actor(here, "vic"), "", "groups.list").rows
    assert (single.id, single.is_single, [one.what for one in single.grants]) == ("@vic", True, [VIEWER])
