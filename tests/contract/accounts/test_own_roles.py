"""Roles of a run's own: within the rights of their makers, and for everyone who has them at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.rights import LAB_ADMIN, VIEWER, Right
from chalicelib.errors import Forbidden, InvalidState, NotFound, Refused
from chalicelib.operations.accounts import roles, tokens_of_users, users
from chalicelib.operations.accounts.rights_limits import end_of_rights
from chalicelib.operations.audit.reading import list_entries
from chalicelib.storage.engine import Engine
from tests.contract.accounts.people import People
from tests.contract.factories import not_launched

LATER = timedelta(days=7)
PAYER = "Paying assistant"


@pytest.fixture
def people(sqlite: Engine) -> People:
    """A run with a role of its own, which Ada has, and a lab admin."""
    made = People(not_launched(sqlite))
    made.add("lea", LAB_ADMIN)
    made.do(roles.make_role, PAYER, [Right.VIEW, Right.PAY], "For payday")
    made.add("ada", PAYER)
    return made


def test_a_role_gives_its_rights_and_a_change_of_it_reaches_everyone_who_has_it(engine: Engine) -> None:
    people = People(not_launched(engine))
    people.do(roles.make_role, PAYER, [Right.VIEW, Right.PAY], "For payday")
    for username in ("ada", "bob"):
        people.add(username, PAYER)
    assert people.actor("ada").rights == {Right.VIEW, Right.PAY}
    token = people.do(tokens_of_users.make_token, "ada", "ci")
    before = people.as_user("ada")
    people.do(roles.change_role, PAYER, rights=[Right.VIEW])
    for username in ("ada", "bob"):
        assert people.actor(username).rights == {Right.VIEW}
    assert people.token_actor(token).rights == {Right.VIEW}
    with pytest.raises(Forbidden) as refused:
        people.change(before)
    assert refused.value.code == "rights_changed"
    (role,) = people.do(roles.list_roles)
    assert (role.name, role.rights, role.about, role.created_by) == (
        PAYER,
        {Right.VIEW},
        "For payday",
        "operator",
    )


def test_a_changed_description_refuses_no_change_of_those_who_have_the_role(people: People) -> None:
    before = people.as_user("ada")
    people.do(roles.change_role, PAYER, about="For Fridays")
    people.change(before)
    assert people.do(roles.read_role, PAYER).about == "For Fridays"


def test_a_role_is_made_changed_and_deleted_within_ones_own_rights_only(people: People) -> None:
    people.do(roles.make_role, "Owner", [Right.SYSTEM_ADMIN])
    admin = people.as_user("lea")
    refusals: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
        (roles.make_role, ("Second owner", [Right.SYSTEM_ADMIN]), {}),
        (roles.change_role, (PAYER,), {"rights": [Right.SYSTEM_ADMIN]}),
        (roles.change_role, ("Owner",), {"rights": [Right.VIEW]}),
        (roles.change_role, ("Owner",), {"about": "Ours"}),
        (roles.delete_role, ("Owner",), {}),
        (users.grant_to_user, ("lea", "Owner"), {}),
    ]
    for operation, arguments, more in refusals:
        with pytest.raises(Forbidden):
            people.do(operation, *arguments, by=admin, **more)
    for operation, arguments, more in ((roles.make_role, ("Mine", [Right.VIEW]), {}), *refusals[1:2]):
        with pytest.raises(Forbidden):
            people.do(operation, *arguments, by=people.as_user("ada"), **more)
    people.do(roles.make_role, "Reader", [Right.VIEW], by=admin)
    people.do(roles.delete_role, "Reader", by=admin)
    assert [role.name for role in people.do(roles.list_roles, by=admin)] == ["Owner", PAYER]


def test_a_role_that_is_granted_is_not_deleted_and_the_refusal_says_to_whom(people: People) -> None:
    with pytest.raises(InvalidState, match="granted to ada"):
        people.do(roles.delete_role, PAYER)
    people.do(users.revoke_from_user, "ada", PAYER)
    people.do(roles.delete_role, PAYER)
    with pytest.raises(NotFound):
        people.do(roles.delete_role, PAYER)
    with pytest.raises(NotFound, match="neither a role nor a right"):
        people.do(users.grant_to_user, "ada", PAYER)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "invalid_name"),
        (" Payer", "invalid_name"),
        ("a  b", "invalid_name"),
        ("=HYPERLINK(1)", "invalid_name"),
        ("<b>Payer</b>", "invalid_name"),
        ("Pа", "invalid_name"),  # noqa: RUF001 (the second letter is Cyrillic, which is what is refused)
        ("x" * 41, "invalid_name"),
        ("lab-admin", "name_reserved"),
        ("Lab adm1n", "name_reserved"),
        ("Vlewer", "name_reserved"),
        ("System_Admin", "name_reserved"),
        ("0perator", "name_reserved"),
        ("PAYING-ASSISTANT", "name_taken"),
        ("Paying ass1stant", "name_taken"),
    ],
)
def test_a_role_has_a_plain_name_that_looks_like_no_other(people: People, name: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        people.do(roles.make_role, name, [Right.VIEW])
    assert refused.value.code == code


def test_a_role_without_rights_is_refused(people: People) -> None:
    with pytest.raises(InvalidState, match="at least one right"):
        people.do(roles.make_role, "Nothing", [])
    with pytest.raises(InvalidState, match="at least one right"):
        people.do(roles.change_role, PAYER, rights=[])


def test_what_is_granted_ends_with_the_rights_of_who_grants_it(people: People) -> None:
    until = people.app.clock.now() + LATER
    people.add("tom", VIEWER)
    people.do(users.grant_to_user, "tom", Right.MANAGE_LAB, until=until)
    tom = people.as_user("tom")
    assert people.do(users.grant_to_user, "tom", Right.MANAGE_LAB, by=tom).until == until
    tom = people.as_user("tom")
    assert people.do(users.grant_to_user, "ada", Right.MANAGE_LAB, until=until + LATER, by=tom).until == until
    assert people.do(users.grant_to_user, "ada", VIEWER, by=tom).until is None
    people.do(users.add_user, "eve", "Eve", role=Right.MANAGE_LAB, by=tom)
    (grant,) = people.do(users.read_user, "eve").grants
    assert grant.until == until


def test_a_role_gets_no_right_for_ever_from_who_has_it_for_some_days(people: People) -> None:
    until = people.app.clock.now() + LATER
    people.do(roles.make_role, "Reader", [Right.VIEW])
    people.add("tom", "Reader")
    for right in (Right.MANAGE_LAB, Right.PAY):
        people.do(users.grant_to_user, "tom", right, until=until)
    with pytest.raises(Forbidden) as refused:
        people.do(roles.change_role, "Reader", rights=[Right.VIEW, Right.PAY], by=people.as_user("tom"))
    assert refused.value.code == "rights_end"
    people.do(roles.change_role, "Reader", about="For all", by=people.as_user("tom"))


def test_the_end_of_rights_is_that_of_the_user_or_the_token_if_it_is_earlier(people: People) -> None:
    now = people.app.clock.now()
    people.add("max", LAB_ADMIN, expires=now + LATER)
    token = people.do(tokens_of_users.make_token, "max", "ci", expires=now + LATER / 2)
    ends = [
        people.do(end_of_rights, actor, rights)
        for actor in (people.actor("max"), people.token_actor(token))
        for rights in ([Right.VIEW], [Right.VIEW, Right.PAY])
    ]
    assert ends == [None, now + LATER, now + LATER / 2, now + LATER / 2]


def test_each_change_of_a_role_is_one_entry_of_the_audit_log(people: People) -> None:
    people.do(roles.change_role, PAYER, rights=[Right.PAY])
    people.do(users.revoke_from_user, "ada", PAYER)
    people.do(roles.delete_role, PAYER)
    newest = [one.entry.operation for one in people.do(list_entries, limit=3)]
    assert newest == ["roles.delete", "users.revoke", "roles.change"]


def test_a_role_of_many_users_takes_changes_or_says_that_they_are_too_many(engine: Engine) -> None:
    people = People(not_launched(engine))
    people.do(roles.make_role, PAYER, [Right.VIEW, Right.PAY])
    usernames = [f"user-{number}a" for number in range(42)]
    for username in usernames:
        people.add(username, PAYER)
    before = people.as_user(usernames[-1])
    people.do(roles.change_role, PAYER, rights=[Right.VIEW])
    with pytest.raises(Forbidden, match="Your rights were changed"):
        people.change(before)
    assert all(people.actor(each).rights == {Right.VIEW} for each in usernames)
    for username in usernames[:24]:
        people.do(tokens_of_users.make_token, username, "ci")
    with pytest.raises(InvalidState) as refused:
        people.do(roles.change_role, PAYER, rights=[Right.PAY])
    assert refused.value.code == "too_many_users"
    assert people.actor(usernames[0]).rights == {Right.VIEW}
