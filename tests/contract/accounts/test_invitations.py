"""Invitations: within the rights of who invites, for three days, and accepted once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from chalicelib.access.rights import LAB_ADMIN, RESEARCHER, SUPER_ADMIN, VIEWER, Right
from chalicelib.errors import BadRequest, Forbidden, InvalidState, NotFound, Refused, Unauthorized
from chalicelib.operations.accounts import roles, tokens_of_users, users
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.accounts.groups import groups, memberships
from chalicelib.operations.accounts.invitation_records import LIFETIME
from chalicelib.operations.accounts.invitations.acceptance import (
    NewAccount,
    accept_invitation,
    proposed_username,
    read_offer,
)
from chalicelib.operations.accounts.invitations.invitations import (
    invite,
    list_invitations,
    withdraw_invitation,
)
from chalicelib.operations.accounts.passwords import has_password
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.audit.verification import verify
from chalicelib.operations.shared.context import ANONYMOUS, OPERATOR_CALLER, caller_of
from chalicelib.storage.engine import Engine
from tests.contract.accounts.people import People
from tests.contract.factories import dump, not_launched

EMAIL = "mary@example.org"
PASSWORD = "unlikely walrus trombone sunday"


@pytest.fixture
def people(sqlite: Engine) -> People:
    """A run with the lab admin Lea, and the lab Eyelab, which may pay."""
    made = People(not_launched(sqlite))
    made.add("lea", LAB_ADMIN)
    made.do(groups.make_group, "eyelab", "Eye Lab")
    made.do(groups.grant_to_group, "eyelab", Right.PAY)
    return made


def account(username: str = "mary", **more: str) -> NewAccount:
    fields = {"first_name": "Mary", "last_name": "Jones", "password": PASSWORD, **more}
    return NewAccount(username, **fields)


def secret_of(people: People, *, by: str | None = None, **more: Any) -> str:
    caller = OPERATOR_CALLER if by is None else people.as_user(by)
    _, secret = people.do(invite, EMAIL, by=caller, **more)
    return str(secret)


def accept(people: People, secret: str, chosen: NewAccount | None = None) -> Any:
    return people.do(accept_invitation, secret, chosen or account(), by=ANONYMOUS)


def test_an_invitation_makes_a_user_with_its_roles_groups_and_a_password(engine: Engine) -> None:
    people = People(not_launched(engine))
    people.do(groups.make_group, "eyelab", "Eye Lab")
    people.do(groups.grant_to_group, "eyelab", Right.PAY)
    secret = secret_of(people, what=[VIEWER, Right.GRADE], groups=["eyelab"])
    assert secret not in str(dump(engine))
    user = accept(people, secret)
    assert (user.name, user.email, user.created_by) == ("Mary Jones", EMAIL, "operator")
    assert people.actor("mary").rights == {Right.VIEW, Right.GRADE, Right.PAY}
    assert people.do(has_password, "mary")
    (invitation,) = people.do(list_invitations)
    assert (invitation.status, invitation.ended_by) == ("accepted", "mary")
    assert [one.entry.operation for one in people.do(list_entries, "user:mary")] == [
        "credentials.set_password",
        "invitations.accept",
    ]
    assert PASSWORD not in str(dump(engine))
    assert people.do(verify, people.app.seals).findings == []


def test_of_many_who_accept_at_once_one_becomes_a_user(engine: Engine) -> None:
    people = People(not_launched(engine))
    secret = secret_of(people, what=[VIEWER])
    usernames = [f"racer-{number}a" for number in range(4)]
    start = Barrier(len(usernames))

    def race(username: str) -> str:
        start.wait()
        try:
            return str(accept(people, secret, account(username)).username)
        except Refused as refused:
            return refused.code or ""

    with ThreadPoolExecutor(len(usernames)) as threads:
        results = list(threads.map(race, usernames))
    (winner,) = [each for each in results if each in usernames]
    assert sorted(results) == sorted(["invitation_over"] * 3 + [winner])
    found = [each for each in usernames if people.app.run(find_actor, f"user:{each}")]
    assert found == [winner]


def test_of_two_invited_who_want_one_name_at_once_one_gets_it(engine: Engine) -> None:
    people = People(not_launched(engine))
    secrets = [secret_of(people, what=[role]) for role in (VIEWER, RESEARCHER)]
    start = Barrier(2)

    def race(secret: str) -> str:
        start.wait()
        try:
            return str(accept(people, secret).username)
        except Refused as refused:
            return refused.code or ""

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(race, secrets)) == ["mary", "name_taken"]
    left = [each.status for each in people.do(list_invitations)]
    assert sorted(left) == ["accepted", "open"]


def test_an_invitation_that_is_used_withdrawn_or_expired_says_so(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, withdrawn, expired = (secret_of(people, what=[VIEWER]) for _ in range(3))
    accept(people, used)
    people.do(withdraw_invitation, withdrawn[:16])
    now = people.app.clock.now()
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + LIFETIME - timedelta(seconds=1))
    assert people.do(read_offer, expired, by=ANONYMOUS).what == (VIEWER,)
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + LIFETIME + timedelta(seconds=1))
    for secret, said in ((used, "has been used"), (withdrawn, "was withdrawn"), (expired, "has expired")):
        for operation, arguments in ((read_offer, ()), (accept_invitation, (account("eve"),))):
            with pytest.raises(InvalidState, match=said):
                people.do(operation, secret, *arguments, by=ANONYMOUS)
    with pytest.raises(InvalidState, match="expired"):
        people.do(withdraw_invitation, expired[:16])
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + timedelta(days=40))
    secret_of(people, what=[VIEWER])
    assert [each.status for each in people.do(list_invitations)] == ["open"]


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: "",
        lambda secret: secret[:-1],
        lambda secret: secret + "x",
        lambda secret: secret[:16],
        lambda secret: "0" * 16 + secret[16:],
        lambda secret: secret[:16] + "x" * 43,
        lambda secret: secret.upper(),
        lambda secret: "x" * 10_000,
    ],
)
def test_a_guessed_link_is_refused(people: People, change: Callable[[str], str]) -> None:
    secret = secret_of(people, what=[VIEWER])
    with pytest.raises(NotFound, match="not a valid invitation"):
        accept(people, change(secret))
    accept(people, secret)


def test_a_user_who_manages_the_lab_invites_within_their_own_rights(people: People) -> None:
    people.add("vic", VIEWER)
    people.add("max", VIEWER)
    people.do(users.grant_to_user, "max", Right.MANAGE_LAB)
    people.do(groups.make_group, "owners", "Owners")
    people.do(groups.grant_to_group, "owners", Right.SYSTEM_ADMIN)
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("vic", {"what": [VIEWER]}),
        ("lea", {"what": [SUPER_ADMIN]}),
        ("lea", {"what": [VIEWER], "groups": ["owners"]}),
        ("max", {"what": [VIEWER, Right.PAY]}),
        ("max", {"what": [VIEWER], "groups": ["eyelab"]}),
    ]
    for by, more in attempts:
        with pytest.raises(Forbidden):
            secret_of(people, by=by, **more)
    with pytest.raises(Unauthorized):
        people.do(invite, EMAIL, what=[VIEWER], by=ANONYMOUS)
    for more, code in (
        ({}, "rights_missing"),
        ({"what": ["King"]}, "unknown_role"),
        ({"groups": ["unknown"]}, "group_not_found"),
        ({"groups": ["@vic"]}, "group_of_one"),
    ):
        with pytest.raises(Refused) as refused:
            secret_of(people, **more)
        assert refused.value.code == code


def test_an_invitation_gives_what_its_maker_still_has(people: People) -> None:
    secret = secret_of(people, by="lea", what=[RESEARCHER, VIEWER], groups=["eyelab"])
    people.do(users.revoke_from_user, "lea", LAB_ADMIN)
    for right in (Right.MANAGE_LAB, Right.VIEW, Right.GRADE):
        people.do(users.grant_to_user, "lea", right)
    offer = people.do(read_offer, secret, by=ANONYMOUS)
    assert (offer.what, offer.groups) == ((Right.VIEW, Right.GRADE, VIEWER), ())
    accept(people, secret)
    assert people.actor("mary").rights == {Right.VIEW, Right.GRADE}


def test_an_invitation_of_an_actor_who_may_invite_no_more_gives_nothing(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = people.app.clock.now()
    for username in ("ann", "bob"):
        people.add(username, LAB_ADMIN)
    people.add("tim", LAB_ADMIN, expires=now + LIFETIME / 2)
    token = people.do(tokens_of_users.make_token, "lea", "ci")
    by_token = people.do(invite, EMAIL, what=[VIEWER], by=caller_of(people.token_actor(token)))[1]
    by_people = [secret_of(people, by=username, what=[VIEWER]) for username in ("ann", "bob", "tim")]
    assert people.do(read_offer, by_token, by=ANONYMOUS).what == (VIEWER,)
    people.do(users.revoke_from_user, "ann", LAB_ADMIN)
    people.do(users.remove_user, "bob")
    people.do(tokens_of_users.revoke_token, "lea", "ci")
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + LIFETIME / 2)
    for secret in (by_token, *by_people):
        with pytest.raises(InvalidState) as refused:
            accept(people, secret)
        assert refused.value.code == "invitation_void"


def test_what_an_invitation_gives_ends_with_the_rights_of_its_maker(people: People) -> None:
    until = people.app.clock.now() + timedelta(days=7)
    people.add("tom", VIEWER)
    for right in (Right.MANAGE_LAB, Right.PAY):
        people.do(users.grant_to_user, "tom", right, until=until)
    accept(people, secret_of(people, by="tom", what=[VIEWER, Right.PAY], groups=["eyelab"]))
    account_of_mary = people.do(users.read_user, "mary")
    assert {one.what: one.until for one in account_of_mary.grants} == {VIEWER: None, Right.PAY: until}
    (membership,) = people.do(groups.read_group, "eyelab").members
    assert (membership.username, membership.until) == ("mary", until)


def test_a_role_in_an_open_invitation_is_not_deleted_and_a_later_group_is_not_the_invited_one(
    people: People,
) -> None:
    people.do(roles.make_role, "Helper", [Right.VIEW])
    secret = secret_of(people, what=["Helper"], groups=["eyelab"])
    with pytest.raises(InvalidState, match="1 open invitation"):
        people.do(roles.delete_role, "Helper")
    people.do(groups.delete_group, "eyelab")
    people.do(groups.make_group, "eyelab", "Another lab")
    people.do(groups.grant_to_group, "eyelab", Right.SYSTEM_ADMIN)
    accept(people, secret)
    assert people.actor("mary").rights == {Right.VIEW}


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({"username": "lea"}, "name_taken"),
        ({"username": "1ea"}, "name_taken"),
        ({"username": "operator"}, "name_reserved"),
        ({"username": "Mary J"}, "invalid_name"),
        ({"first_name": "Operator", "last_name": ""}, "name_reserved"),
        ({"last_name": "two\nlines"}, "invalid_name"),
        ({"password": "short"}, "password_refused"),
    ],
)
def test_an_account_that_is_refused_leaves_the_invitation_open(
    people: People, chosen: dict[str, str], code: str
) -> None:
    secret = secret_of(people, what=[VIEWER])
    fields = {"username": "mary", **chosen}
    with pytest.raises(Refused) as refused:
        accept(people, secret, account(**fields))
    assert refused.value.code == code
    assert accept(people, secret).username == "mary"


def test_an_invitation_is_seen_and_withdrawn_by_its_maker_and_by_who_manages_the_lab(people: People) -> None:
    people.add("ann", LAB_ADMIN)
    first, second, third = (secret_of(people, by="ann", what=[VIEWER])[:16] for _ in range(3))
    people.do(users.revoke_from_user, "ann", LAB_ADMIN)
    people.add("vic", VIEWER)
    assert [each.invited_by for each in people.do(list_invitations, by=people.as_user("ann"))] == [
        "user:ann"
    ] * 3
    assert people.do(list_invitations, by=people.as_user("vic")) == []
    assert len(people.do(list_invitations, by=people.as_user("lea"))) == 3
    with pytest.raises(NotFound):
        people.do(withdraw_invitation, first, by=people.as_user("vic"))
    for id_, by in ((first, "ann"), (second, "lea")):
        people.do(withdraw_invitation, id_, by=people.as_user(by))
    with pytest.raises(NotFound):
        people.do(withdraw_invitation, "0" * 16)
    open_ones = [each.id for each in people.do(list_invitations) if each.status == "open"]
    assert open_ones == [third]


@pytest.mark.parametrize(
    "email", ["", "mary", "a@b@c", "a b@c", "a@b\nBcc: c@d", "=1+1", "<b>@c", "@c", "a@"]
)
def test_an_invalid_address_is_refused(people: People, email: str) -> None:
    with pytest.raises(BadRequest):
        people.do(invite, email, what=[VIEWER])


def test_a_user_name_is_proposed_that_is_free(people: People) -> None:
    people.add("mary", VIEWER)
    proposals = [
        people.do(proposed_username, email)
        for email in ("Mary@example.org", "m.jones@x", "..@x", "Ünal@x", "a" * 60 + "@x")
    ]
    assert proposals == ["mary2", "m.jones", "user2", "nal", "a" * 30]


def test_a_member_whose_membership_an_invitation_gave_can_leave_it(people: People) -> None:
    accept(people, secret_of(people, what=[VIEWER], groups=["eyelab"]))
    people.do(memberships.remove_member, "eyelab", "mary", by=people.as_user("mary"))
    assert people.actor("mary").rights == {Right.VIEW}
