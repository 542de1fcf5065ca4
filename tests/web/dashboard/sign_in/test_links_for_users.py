"""A user signs in with a link that an operator makes for them, and acts with the user's own rights."""

from __future__ import annotations

import pytest

from chalicelib.access.rights import ASSISTANT, LAB_ADMIN, SUPER_ADMIN, VIEWER
from chalicelib.dashboard import sessions
from chalicelib.errors import Forbidden, NotFound, Unauthorized
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.accounts.open_sessions import end_sessions_of, list_sessions
from chalicelib.operations.accounts.users import add_user, grant_to_user, remove_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER, Caller, caller_of
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import FROM_OWN_PAGE
from tests.web.world import World


@pytest.fixture
def here(world: NewWorld) -> World:
    """A run with a viewer."""
    made = world()
    made.app.run(add_user, "vic", "Vic", role=VIEWER, caller=OPERATOR_CALLER)
    return made


def _as_user(here: World, username: str) -> Caller:
    actor = here.app.run(find_actor, f"user:{username}")
    assert actor is not None
    return caller_of(actor)


def test_a_user_signs_in_with_their_own_rights_until_they_are_removed(here: World) -> None:
    ticket = here.app.run(sessions.create_ticket_for_user, "vic", caller=OPERATOR_CALLER)
    said = here.post("/dashboard/sign-in", {"ticket": ticket}, headers=FROM_OWN_PAGE)
    cookie = said.headers["set-cookie"].partition(";")[0]
    browser = {**FROM_OWN_PAGE, "cookie": cookie}
    token = cookie.partition("=")[2]
    session = here.app.run(sessions.find_session, token)
    assert session is not None
    assert (session.actor.id, set(session.actor.rights)) == ("user:vic", {"View"})
    assert here.get("/dashboard/overview", headers=browser).status == 200
    here.app.run(grant_to_user, "vic", ASSISTANT, caller=OPERATOR_CALLER)
    session = here.app.run(sessions.find_session, token)
    assert session is not None
    assert "Comment" in session.actor.rights
    here.app.run(remove_user, "vic", caller=OPERATOR_CALLER)
    assert here.app.run(sessions.find_session, token) is None
    assert here.get("/dashboard/overview", headers=browser).status != 200
    here.app.run(add_user, "vic", "Vic", role=VIEWER, caller=OPERATOR_CALLER)
    assert here.app.run(sessions.find_session, token) is None


def test_a_link_made_before_sessions_are_ended_begins_none(here: World) -> None:
    ticket = here.app.run(sessions.create_ticket_for_user, "vic", caller=OPERATOR_CALLER)
    here.app.run(end_sessions_of, "user:vic", caller=OPERATOR_CALLER)
    with pytest.raises(Unauthorized):
        here.app.run(sessions.begin_session, ticket)


def test_sessions_and_links_of_a_removed_user_are_not_those_of_a_later_one_of_this_name(here: World) -> None:
    make = sessions.create_ticket_for_user
    ticket, unused = (here.app.run(make, "vic", caller=OPERATOR_CALLER) for _ in range(2))
    token = here.app.run(sessions.begin_session, ticket)
    here.app.run(remove_user, "vic", caller=OPERATOR_CALLER)
    here.app.run(add_user, "vic", "Victor", role=SUPER_ADMIN, caller=OPERATOR_CALLER)
    assert here.app.run(sessions.find_session, token) is None
    assert not here.app.run(sessions.is_valid_ticket, unused)


def test_a_link_for_a_user_is_recorded_and_needs_all_of_the_users_rights(here: World) -> None:
    for username, role in (("lea", LAB_ADMIN), ("sam", SUPER_ADMIN)):
        here.app.run(add_user, username, username.title(), role=role, caller=OPERATOR_CALLER)
    make = sessions.create_ticket_for_user
    for username, by, refusal in (
        ("vic", _as_user(here, "vic"), Forbidden),
        ("sam", _as_user(here, "lea"), Forbidden),
        ("zoe", OPERATOR_CALLER, NotFound),
    ):
        with pytest.raises(refusal):
            here.app.run(make, username, caller=by)
    here.app.run(make, "vic", caller=_as_user(here, "lea"))
    (made,) = here.app.run(list_entries, "user:lea", caller=OPERATOR_CALLER)
    assert (made.entry.operation, made.entry.records) == ("users.make_sign_in_link", (("users", "vic"),))


def test_sessions_are_listed_and_ended_by_their_user_and_by_who_manages_the_lab(here: World) -> None:
    here.app.run(add_user, "lea", "Lea", role=LAB_ADMIN, caller=OPERATOR_CALLER)
    viewer, admin = _as_user(here, "vic"), _as_user(here, "lea")
    for username in ("vic", "vic", "lea"):
        ticket = here.app.run(sessions.create_ticket_for_user, username, caller=OPERATOR_CALLER)
        here.app.run(sessions.begin_session, ticket, agent="Firefox")
    assert [one.actor for one in here.app.run(list_sessions, caller=viewer)] == ["user:vic"] * 2
    listed = here.app.run(list_sessions, caller=admin)
    assert {(one.actor, one.agent) for one in listed} == {("user:vic", "Firefox"), ("user:lea", "Firefox")}
    with pytest.raises(Forbidden):
        here.app.run(end_sessions_of, "user:lea", caller=viewer)
    assert here.app.run(end_sessions_of, "user:vic", caller=admin) == 2
    assert here.app.run(end_sessions_of, "user:vic", caller=viewer) == 0
    assert [one.actor for one in here.app.run(list_sessions, caller=admin)] == ["user:lea"]
