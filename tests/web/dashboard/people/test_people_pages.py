"""People: users, grants, tokens and sessions are changed within the rights of the actor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.rights import (
    ASSISTANT,
    LAB_ADMIN,
    OPERATOR_ACTOR,
    RESEARCHER,
    SUPER_ADMIN,
    VIEWER,
    Actor,
    Right,
)
from chalicelib.api.operation_table import OPERATIONS
from chalicelib.dashboard import sessions
from chalicelib.dashboard.operation_calls import run_operation
from chalicelib.errors import Forbidden, NotFound, Refused
from chalicelib.operations.accounts.actors import authenticate_token, find_actor
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import FROM_OWN_PAGE, DashboardBrowser
from tests.web.dashboard.sign_in.signing_in import give_codes
from tests.web.world import OPERATOR_TOKEN, Said, World

HOSTILE = '<b hx-post="/dashboard/sign-out" hx-trigger="load">{{ 7 * 7 }}</b><script>alert(1)</script>'
ADDED = (("username", "ada"), ("name", "Ada"), ("role", RESEARCHER))


@pytest.fixture
def here(world: NewWorld) -> World:
    return world()


@pytest.fixture
def browser(here: World) -> DashboardBrowser:
    """The operator's browser; the run has the researcher Ada."""
    made = DashboardBrowser(here)
    assert made.press("people/add", ADDED).headers["location"] == "/dashboard/people/ada?said=add"
    return made


def actor(here: World, username: str) -> Actor:
    found = here.app.run(find_actor, f"user:{username}")
    assert found is not None
    return found


def as_lab_admin(here: World) -> Actor:
    here.app.run(add_user, "lea", "Lea", role=LAB_ADMIN, caller=OPERATOR_CALLER)
    return actor(here, "lea")


def text(said: Said) -> str:
    return said.raw.decode()


def test_a_person_is_added_granted_more_and_removed(here: World, browser: DashboardBrowser) -> None:
    assert "Only the operator manages this run" not in browser.open("people")
    assert "people/ada" in browser.open("people")
    browser.press("people/ada/grant", [("what", Right.MANAGE_LAB.value), ("days", "7")])
    assert Right.MANAGE_LAB in actor(here, "ada").rights
    (row,) = run_operation(OPERATOR_ACTOR, "", "users.list").rows
    (granted,) = [one for one in row.grants if one.what == Right.MANAGE_LAB]
    assert granted.until == granted.since + timedelta(days=7)
    browser.press("people/ada/revoke", [("what", RESEARCHER)])
    assert actor(here, "ada").rights == {Right.MANAGE_LAB}
    page = browser.open("people/ada")
    assert 'value="Manage lab"' in page
    assert f'name="what" value="{RESEARCHER}"' not in page
    assert "removes the user ada, 0 tokens and 0 open sessions" in browser.open("people/ada/remove")
    assert browser.press("people/ada/remove").status == 303
    assert here.app.run(find_actor, "user:ada") is None


def test_a_token_is_shown_once_and_acts_with_the_rights_that_were_chosen(
    here: World, browser: DashboardBrowser
) -> None:
    fields = [("name", "ci"), ("days", "30"), ("rights", "View"), ("rights", "Pay")]
    said = browser.press("people/ada/make-token", fields)
    assert said.status == 200
    token = re.search(r"<code>(petri_[\w-]{40,})</code>", text(said))[1]
    assert here.app.run(authenticate_token, token).rights == {Right.VIEW, Right.PAY}
    page = browser.open("people/ada")
    assert token[:12] in page
    assert token not in page
    refused = browser.press("people/ada/make-token", fields)
    assert refused.status == 409
    assert "has a token" in text(refused)
    browser.press("people/ada/revoke-token", [("name", "ci")])
    assert token[:12] not in browser.open("people/ada")


def test_ending_sessions_signs_a_person_out(here: World, browser: DashboardBrowser) -> None:
    ticket = here.app.run(sessions.create_ticket_for_user, "ada", caller=OPERATOR_CALLER)
    token = here.app.run(sessions.begin_session, ticket, agent="Firefox")
    assert "Firefox" in browser.open("people")
    assert "Firefox" in browser.open("people/ada")
    said = browser.press("people/user%3Aada/sign-out")
    assert said.headers["location"] == "/dashboard/people/ada?said=sign-out"
    assert here.app.run(sessions.find_session, token) is None
    assert browser.press("people/user%3Aada/sign-out").status == 404


@pytest.mark.parametrize(
    ("path", "fields", "status", "why"),
    [
        ("add", [("username", "ada"), ("role", VIEWER)], 409, "There is a user"),
        ("add", [("username", "Two words"), ("role", VIEWER)], 422, "username must match"),
        ("add", [("username", "eve"), ("role", "King")], 404, "neither a role nor a right"),
        ("add", [("username", "eve"), ("role", VIEWER), ("days", "-1")], 400, "The days are"),
        ("ada/grant", [("what", "<b>King</b>")], 422, "what must match"),
        ("ada/make-token", [("name", "ci"), ("rights", "Everything")], 400, "doesn&#39;t exist"),
        ("ada/make-token", [("name", "ci"), ("rights", "Manage lab")], 409, "grant them first"),
    ],
)
def test_a_refused_change_is_explained_on_the_page_and_changes_nothing(
    here: World,
    browser: DashboardBrowser,
    path: str,
    fields: Sequence[tuple[str, str]],
    status: int,
    why: str,
) -> None:
    with here.unchanged():
        said = browser.press(f"people/{path}", fields)
    assert (said.status, why in text(said)) == (status, True), text(said)
    assert "<b>King" not in text(said)


def test_names_and_browsers_are_shown_as_text(here: World, browser: DashboardBrowser) -> None:
    here.app.run(add_user, "eve", HOSTILE, email=HOSTILE, role=VIEWER, caller=OPERATOR_CALLER)
    ticket = here.app.run(sessions.create_ticket_for_user, "eve", caller=OPERATOR_CALLER)
    here.app.run(sessions.begin_session, ticket, agent=HOSTILE)
    for path in ("people", "people/eve", "people/eve/remove"):
        page = browser.open(path)
        assert "<b hx-post" not in page
        assert "&lt;b hx-post" in page
        assert "{{ 7 * 7 }}" in page


def test_the_page_is_for_those_who_manage_the_lab(here: World, browser: DashboardBrowser) -> None:
    ticket = here.app.run(sessions.create_ticket_for_user, "ada", caller=OPERATOR_CALLER)
    said = here.post("/dashboard/sign-in", {"ticket": ticket}, headers=FROM_OWN_PAGE)
    headers = {**FROM_OWN_PAGE, "cookie": said.headers["set-cookie"].partition(";")[0]}
    assert here.get("/dashboard/people", headers=headers).status == 403
    assert "/dashboard/people" not in here.get("/dashboard/overview", headers=headers).raw.decode()
    assert "/dashboard/people" in browser.open("overview")


def test_a_lab_admin_grants_within_their_own_rights_and_makes_tokens_for_themselves(here: World) -> None:
    by = as_lab_admin(here)
    run_operation(by, "", "users.add", username="ada", role=ASSISTANT)
    refusals: list[tuple[str, dict[str, Any], type[Refused]]] = [
        ("users.add", {"username": "eve", "role": SUPER_ADMIN}, Forbidden),
        ("users.grant", {"id": "ada", "what": Right.SYSTEM_ADMIN.value}, Forbidden),
        ("users.make-token", {"id": "ada", "name": "ci"}, Forbidden),
        ("users.read", {"id": "zoe"}, NotFound),
        ("users.grant", {"id": "ada", "what": "King"}, NotFound),
    ]
    for name, fields, refusal in refusals:
        with here.unchanged(), pytest.raises(refusal):
            run_operation(by, "", name, **fields)
    made = run_operation(by, "", "users.make-token", id="lea", name="ci")
    assert here.app.run(authenticate_token, made.token).id == "token:lea/ci"


def test_each_change_of_an_account_is_one_entry_of_the_audit_log(here: World) -> None:
    as_lab_admin(here)
    ticket = here.app.run(sessions.create_ticket_for_user, "lea", caller=OPERATOR_CALLER)
    here.app.run(sessions.begin_session, ticket)
    ada, lab = {"id": "ada"}, {"id": "eyelab"}
    here.app.run(add_user, "cyn", "Cyn", role=VIEWER, caller=OPERATOR_CALLER)
    give_codes(here, "cyn")
    changes: list[tuple[str, dict[str, Any]]] = [
        ("users.add", {"username": "ada", "role": VIEWER}),
        ("users.change", {**ada, "name": "Ada L."}),
        ("users.grant", {**ada, "what": ASSISTANT}),
        ("users.revoke", {**ada, "what": ASSISTANT}),
        ("groups.add", {"nickname": "eyelab"}),
        ("groups.change", {**lab, "name": "Eye Lab"}),
        ("groups.grant", {**lab, "what": VIEWER}),
        ("groups.revoke", {**lab, "what": VIEWER}),
        ("groups.add-member", {**lab, "username": "ada"}),
        ("groups.remove-member", {**lab, "username": "lea"}),
        ("groups.ask", lab),
        ("groups.withdraw", lab),
        ("groups.ask", lab),
        ("groups.refuse", {**lab, "username": "lea"}),
        ("groups.ask", lab),
        ("groups.accept", {**lab, "username": "lea"}),
        ("groups.delete", lab),
        ("users.make-token", {"id": "lea", "name": "ci"}),
        ("users.revoke-token", {"id": "lea", "name": "ci"}),
        ("users.make-password-link", {"id": "ada"}),
        ("users.turn-off-codes", {"id": "cyn"}),
        ("sessions.end", {"id": "user:lea"}),
        ("users.remove", ada),
        ("roles.add", {"name": "Payer", "rights": [Right.PAY]}),
        ("roles.change", {"id": "Payer", "about": "For payday"}),
        ("roles.delete", {"id": "Payer"}),
    ]
    resources = ("users", "sessions", "roles", "groups")
    assert {name for name, _ in changes} == {
        each.name for each in OPERATIONS if each.changes and each.resource in resources
    }
    for count, (name, fields) in enumerate(changes, start=1):
        run_operation(actor(here, "lea"), "192.0.2.7", name, **fields)
        entries = here.app.run(list_entries, "user:lea", caller=OPERATOR_CALLER)
        assert len(entries) == count, name


def test_the_answer_with_a_token_is_not_stored_for_repeated_requests(here: World) -> None:
    here.app.run(add_user, "ada", "Ada", role=VIEWER, caller=OPERATOR_CALLER)
    order = ("/api/v1/users/ada/make-token", {"name": "ci"})
    made = here.post_json(*order, token=OPERATOR_TOKEN, request_id="r1")
    assert made.status == 200
    again = here.post_json(*order, token=OPERATOR_TOKEN, request_id="r1")
    assert (again.status, again.code) == (409, "name_taken")
    assert made["token"][12:] not in str(here.items("api_answer"))
