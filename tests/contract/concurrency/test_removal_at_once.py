"""A user who is removed while something is given to them: nothing is left for a later user of that name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.access.rights import ASSISTANT, LAB_ADMIN, VIEWER, Right
from chalicelib.dashboard.sessions import (
    Browser,
    begin_session,
    begin_user_session,
    create_ticket,
    create_ticket_for_user,
    find_session,
    is_valid_ticket,
)
from chalicelib.errors import Refused
from chalicelib.model import keys
from chalicelib.operations.accounts import passwords, users
from chalicelib.operations.accounts.actors import grants_of
from chalicelib.operations.accounts.credentials.password_links import make_password_ticket
from chalicelib.operations.accounts.credentials.tickets import CHOOSES_PASSWORD, valid_ticket
from chalicelib.operations.accounts.groups import groups, memberships
from chalicelib.operations.accounts.identities.openid_accounts import OpenIdAccount, user_of_account
from chalicelib.operations.accounts.invitations.acceptance import NewAccount, accept_invitation
from chalicelib.operations.accounts.invitations.acceptance_by_account import accept_by_account
from chalicelib.operations.accounts.invitations.invitations import invite, list_invitations
from chalicelib.operations.shared.context import ANONYMOUS
from chalicelib.storage.engine import Engine
from tests.contract.accounts.meanwhile import InterruptedEngine
from tests.contract.accounts.people import People
from tests.contract.factories import at_once, not_launched, refusals

PASSWORD = "seven green bicycles sing"
ACCOUNT = OpenIdAccount(
    "university", "https://example.edu", "ada-1815", "Ada", "ada@example.edu", "ada", frozenset({VIEWER})
)


def interrupted(engine: Engine) -> tuple[InterruptedEngine, People, People]:
    """Return an engine that can be interrupted, the people over it, and those of another process."""
    between = InterruptedEngine(engine)
    return between, People(not_launched(between)), People(not_launched(engine))


def attempt(act: Callable[[], Any]) -> Any:
    """Return what an act gives; None when it is refused."""
    try:
        return act()
    except Refused:
        return None


ACTS: dict[str, Callable[[People], Any]] = {
    "session": lambda people: people.app.run(begin_user_session, "ada", Browser(), how="password"),
    "sign-in link": lambda people: people.do(create_ticket_for_user, "ada"),
    "password link": lambda people: people.do(make_password_ticket, "ada"),
    "password": lambda people: people.do(passwords.set_password, "ada", PASSWORD),
    "grant": lambda people: people.do(users.grant_to_user, "ada", LAB_ADMIN),
    "membership": lambda people: people.do(memberships.add_member, "lab", "ada"),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_a_removed_user_leaves_nothing_to_a_later_one_of_the_same_name(engine: Engine, act: str) -> None:
    between, people, others = interrupted(engine)
    people.add("ada", VIEWER)
    people.do(groups.make_group, "lab", "Lab")
    people.do(groups.grant_to_group, "lab", Right.PAY)
    with between.act_after_reading(keys.user("ada"), lambda: others.do(users.remove_user, "ada")):
        made = attempt(partial(ACTS[act], people))
    people.add("ada", VIEWER)
    assert people.actor("ada").rights == {Right.VIEW}
    assert not people.do(passwords.has_password, "ada")
    if act == "session" and made is not None:
        assert people.app.run(find_session, made) is None
    if act == "sign-in link" and made is not None:
        assert not people.app.run(is_valid_ticket, made)
    if act == "password link" and made is not None:
        assert people.app.run(valid_ticket, made, purpose=CHOOSES_PASSWORD) is None


def test_a_sign_in_by_link_while_the_user_is_removed_leaves_no_session(engine: Engine) -> None:
    for place in (keys.SESSIONS, keys.TICKETS, keys.audit_head("user:ada"), keys.user("ada")):
        between, people, others = interrupted(engine)
        people.add("ada", VIEWER)
        ticket = people.app.run(create_ticket, "user:ada")
        tokens: list[str | None] = []

        def sign_in(others: People = others, ticket: str = ticket, tokens: Any = tokens) -> None:
            tokens.append(attempt(partial(others.app.run, begin_session, ticket)))

        with between.act_after_reading(place, sign_in):
            people.do(users.remove_user, "ada")
        people.add("ada", VIEWER)
        assert [token and people.app.run(find_session, token) for token in tokens] in ([None], [""])
        people.do(users.remove_user, "ada")


def test_a_link_that_is_used_while_the_user_is_removed_signs_no_one_in(engine: Engine) -> None:
    between, people, others = interrupted(engine)
    people.add("ada", VIEWER)
    ticket = people.app.run(create_ticket, "user:ada")
    with between.act_after_reading(keys.SESSIONS, lambda: others.do(users.remove_user, "ada")):
        assert attempt(partial(people.app.run, begin_session, ticket)) is None
    assert list(engine.query(keys.SESSIONS)) == []


def test_of_many_sign_ins_and_a_removal_at_once_no_session_is_left(shared: Engine) -> None:
    people = People(not_launched(shared))
    people.add("ada", VIEWER)
    tickets = [people.app.run(create_ticket, "user:ada") for _ in range(4)]
    sign_ins = [partial(people.app.run, begin_session, ticket) for ticket in tickets]
    removal = partial(people.do, users.remove_user, "ada")
    tokens = [each for each in at_once([*sign_ins, removal]) if isinstance(each, str)]
    people.add("ada", VIEWER)
    assert [people.app.run(find_session, token) for token in tokens] == [None] * len(tokens)


def test_rules_at_a_sign_in_leave_what_an_admin_grants_at_that_moment(engine: Engine) -> None:
    between, people, others = interrupted(engine)
    ends = people.app.clock.now() + timedelta(minutes=5)
    people.app.run(user_of_account, ACCOUNT, "first", ends)
    others.do(users.grant_to_user, "ada", ASSISTANT)
    # The rule gives another role from now on, and an admin grants by hand the one that it takes away.
    changed = replace(ACCOUNT, roles=frozenset({ASSISTANT, "Researcher"}))
    with between.act_after_reading(keys.grants("ada"), lambda: others.do(users.grant_to_user, "ada", VIEWER)):
        people.app.run(user_of_account, changed, "second", ends)
    held = {grant.what: grant.by for grant in people.app.run(grants_of, "ada")}
    assert held == {VIEWER: "operator", ASSISTANT: "operator", "Researcher": "rules:university"}


def test_a_role_that_an_admin_revokes_while_the_rules_are_applied_stays_revoked(engine: Engine) -> None:
    between, people, others = interrupted(engine)
    ends = people.app.clock.now() + timedelta(minutes=5)
    people.app.run(user_of_account, ACCOUNT, "first", ends)
    others.do(users.grant_to_user, "ada", LAB_ADMIN)
    more = replace(ACCOUNT, roles=frozenset({VIEWER, ASSISTANT}))
    with between.act_after_reading(
        keys.grants("ada"), lambda: others.do(users.revoke_from_user, "ada", LAB_ADMIN)
    ):
        people.app.run(user_of_account, more, "second", ends)
    assert {grant.what for grant in people.app.run(grants_of, "ada")} == {VIEWER, ASSISTANT}


def test_rules_give_nothing_to_a_user_who_is_removed_at_that_moment(engine: Engine) -> None:
    between, people, others = interrupted(engine)
    ends = people.app.clock.now() + timedelta(minutes=5)
    people.app.run(user_of_account, ACCOUNT, "first", ends)
    more = replace(ACCOUNT, roles=frozenset({VIEWER, LAB_ADMIN}))
    with between.act_after_reading(keys.user("ada"), lambda: others.do(users.remove_user, "ada")):
        assert attempt(partial(people.app.run, user_of_account, more, "second", ends)) is None
    assert list(people.app.run(grants_of, "ada")) == []


def test_of_sign_ins_and_grants_at_once_every_grant_is_kept(shared: Engine) -> None:
    people = People(not_launched(shared))
    ends = people.app.clock.now() + timedelta(minutes=5)
    people.app.run(user_of_account, ACCOUNT, "first", ends)
    more = replace(ACCOUNT, roles=frozenset({"Researcher"}))
    results = at_once(
        [
            partial(people.app.run, user_of_account, more, "second", ends),
            partial(people.do, users.grant_to_user, "ada", VIEWER),
            partial(people.do, users.grant_to_user, "ada", LAB_ADMIN),
        ]
    )
    assert refusals(results) == []
    assert {grant.what for grant in people.app.run(grants_of, "ada")} == {VIEWER, LAB_ADMIN, "Researcher"}


def test_an_invitation_that_is_accepted_in_two_ways_at_once_makes_one_user(shared: Engine) -> None:
    people = People(not_launched(shared))
    _, secret = people.do(invite, "ada@example.edu", what=[VIEWER])
    ends = people.app.clock.now() + timedelta(minutes=5)
    results = at_once(
        [
            partial(people.do, accept_by_account, secret, "ada", ACCOUNT, "one", ends, by=ANONYMOUS),
            partial(
                people.do, accept_invitation, secret, NewAccount("grace", "", "", PASSWORD), by=ANONYMOUS
            ),
        ]
    )
    assert refusals(results) == ["invitation_over"]
    assert len(people.do(users.list_users)) == 1


def test_an_account_that_accepts_two_invitations_at_once_is_one_user(shared: Engine) -> None:
    people = People(not_launched(shared))
    secrets = [people.do(invite, "ada@example.edu", what=[role])[1] for role in (VIEWER, ASSISTANT)]
    ends = people.app.clock.now() + timedelta(minutes=5)
    results = at_once(
        [
            partial(people.do, accept_by_account, secret, name, ACCOUNT, name, ends, by=ANONYMOUS)
            for secret, name in zip(secrets, ("ada", "lovelace"), strict=True)
        ]
    )
    assert refusals(results) == ["account_taken"]
    assert sorted(each.status for each in people.do(list_invitations)) == ["accepted", "open"]
