"""Groups: members have what is granted to their group, and only who has its rights admits others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.access.rights import LAB_ADMIN, ROLES, SUPER_ADMIN, VIEWER, Right
from chalicelib.errors import Forbidden, InvalidState, NotFound, Refused, Unauthorized
from chalicelib.operations.accounts import roles, tokens_of_users, users
from chalicelib.operations.accounts.groups import admissions, groups, memberships
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import ANONYMOUS, Caller, caller_of
from chalicelib.storage.engine import Engine
from tests.contract.accounts.people import People
from tests.contract.factories import dump, not_launched

LATER = timedelta(days=7)
LAB = "eyelab"


@pytest.fixture
def people(sqlite: Engine) -> People:
    """A lab that may pay, with the admin Ann and the member Bob; Vic is in no group, and Lea manages all."""
    return with_lab(not_launched(sqlite))


def with_lab(app: Any) -> People:
    made = People(app)
    for username, role in (("ann", VIEWER), ("bob", VIEWER), ("vic", VIEWER), ("lea", LAB_ADMIN)):
        made.add(username, role)
    made.do(groups.make_group, LAB, "Eye Lab")
    made.do(groups.grant_to_group, LAB, Right.PAY)
    made.do(memberships.add_member, LAB, "ann", is_admin=True)
    made.do(memberships.add_member, LAB, "bob")
    return made


def names(people: People, by: Caller) -> list[str]:
    return [known.group.nickname for known in people.do(groups.list_groups, by=by)]


def test_members_have_what_is_granted_to_their_group_while_they_are_members(engine: Engine) -> None:
    people = with_lab(not_launched(engine))
    token = people.do(tokens_of_users.make_token, "bob", "ci")
    assert people.actor("ann").rights == people.actor("bob").rights == {Right.VIEW, Right.PAY}
    assert people.token_actor(token).rights == {Right.VIEW, Right.PAY}
    assert people.actor("vic").rights == {Right.VIEW}
    before = {each: people.as_user(each) for each in ("ann", "bob")}
    people.do(memberships.remove_member, LAB, "bob")
    assert people.actor("bob").rights == people.token_actor(token).rights == {Right.VIEW}
    with pytest.raises(Forbidden, match="Your rights were changed"):
        people.change(before["bob"])
    people.change(before["ann"])
    people.do(groups.revoke_from_group, LAB, Right.PAY)
    assert people.actor("ann").rights == {Right.VIEW}
    with pytest.raises(Forbidden, match="Your rights were changed"):
        people.change(before["ann"])


def test_a_role_of_the_runs_own_reaches_the_members_of_a_group_that_has_it(engine: Engine) -> None:
    people = with_lab(not_launched(engine))
    people.do(roles.make_role, "Recruiter", [Right.RECRUIT])
    people.do(groups.grant_to_group, LAB, "Recruiter")
    assert Right.RECRUIT in people.actor("bob").rights
    before = people.as_user("bob")
    with pytest.raises(InvalidState, match="granted to group:eyelab"):
        people.do(roles.delete_role, "Recruiter")
    people.do(roles.change_role, "Recruiter", rights=[Right.GRADE])
    assert people.actor("bob").rights == {Right.VIEW, Right.PAY, Right.GRADE}
    with pytest.raises(Forbidden, match="Your rights were changed"):
        people.change(before)


def test_a_deleted_group_leaves_nothing_behind(engine: Engine) -> None:
    people = with_lab(not_launched(engine))
    people.do(admissions.ask_for_admission, LAB, by=people.as_user("vic"))
    people.do(groups.delete_group, LAB)
    assert people.actor("ann").rights == {Right.VIEW}
    assert [key for key in dump(engine) if LAB in str(key) and not key[0].startswith("audit")] == []
    people.do(groups.make_group, LAB, "Another lab")
    assert people.do(groups.read_group, LAB).members == []


def test_a_removed_user_is_in_no_group_and_a_later_one_of_this_name_is_not_either(people: People) -> None:
    people.do(admissions.ask_for_admission, LAB, by=people.as_user("vic"))
    for username in ("bob", "vic"):
        people.do(users.remove_user, username)
        people.add(username, VIEWER)
        assert people.actor(username).rights == {Right.VIEW}
    known = people.do(groups.read_group, LAB)
    assert [member.username for member in known.members] == ["ann"]
    assert people.do(admissions.requests_of, known) == []


def test_a_membership_and_a_grant_of_a_group_end_by_themselves(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = people.app.clock.now()
    people.do(memberships.add_member, LAB, "vic", until=now + LATER)
    people.do(groups.grant_to_group, LAB, Right.GRADE, until=now + LATER)
    assert people.actor("vic").rights == {Right.VIEW, Right.PAY, Right.GRADE}
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + LATER)
    assert people.actor("vic").rights == {Right.VIEW}
    assert people.actor("bob").rights == {Right.VIEW, Right.PAY}


def test_a_private_group_is_seen_by_its_members_and_by_who_manages_the_lab(people: People) -> None:
    people.do(groups.make_group, "secret", "Secret Lab", is_private=True)
    people.do(memberships.add_member, "secret", "bob")
    assert names(people, people.as_user("bob")) == ["@bob", LAB, "secret"]
    assert names(people, people.as_user("lea")) == ["@lea", LAB, "secret"]
    assert names(people, people.as_user("vic")) == ["@vic", LAB]
    vic = people.as_user("vic")
    attempts: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
        (groups.read_group, ()),
        (groups.change_group, ()),
        (admissions.ask_for_admission, ()),
        (memberships.remove_member, ("bob",)),
        (memberships.add_member, ("vic",)),
    ]
    for operation, arguments in attempts:
        for nickname in ("secret", "unknown", "@bob"):
            with pytest.raises(NotFound) as refused:
                people.do(operation, nickname, *arguments, by=vic)
            assert str(refused.value) == f"There is no group {nickname!r}."


def test_each_user_has_a_group_of_their_own_whose_grants_are_the_users(people: People) -> None:
    people.do(groups.grant_to_group, "@vic", Right.GRADE, by=people.as_user("lea"))
    assert people.actor("vic").rights == {Right.VIEW, Right.GRADE}
    assert [grant.what for grant in people.do(users.read_user, "vic").grants] == [Right.GRADE, VIEWER]
    people.do(groups.revoke_from_group, "@vic", Right.GRADE)
    assert people.actor("vic").rights == {Right.VIEW}
    for operation, arguments in (
        (groups.change_group, ()),
        (groups.delete_group, ()),
        (memberships.add_member, ("bob",)),
        (memberships.remove_member, ("vic",)),
    ):
        with pytest.raises(InvalidState, match="group of one user"):
            people.do(operation, "@vic", *arguments)


def test_members_are_admitted_and_removed_by_an_admin_of_the_group(people: People) -> None:
    ann, bob = people.as_user("ann"), people.as_user("bob")
    with pytest.raises(Forbidden):
        people.do(memberships.add_member, LAB, "vic", by=bob)
    people.do(memberships.add_member, LAB, "vic", by=ann)
    people.do(memberships.remove_member, LAB, "vic", by=ann)
    with pytest.raises(Forbidden):
        people.do(memberships.remove_member, LAB, "ann", by=bob)
    people.do(memberships.remove_member, LAB, "bob", by=bob)
    token = people.do(tokens_of_users.make_token, "ann", "ci")
    with pytest.raises(Forbidden):
        people.do(memberships.add_member, LAB, "vic", by=caller_of(people.token_actor(token)))
    people.do(groups.change_group, LAB, name="Eyes", by=ann)
    for operation, arguments in (
        (groups.delete_group, (LAB,)),
        (groups.grant_to_group, (LAB, Right.VIEW)),
        (groups.revoke_from_group, (LAB, Right.PAY)),
        (groups.make_group, ("mine", "Mine")),
    ):
        with pytest.raises(Forbidden):
            people.do(operation, *arguments, by=ann)


def test_no_actor_gives_through_a_group_what_they_lack(people: People) -> None:
    people.add("sam", SUPER_ADMIN)
    people.do(groups.make_group, "owners", "Owners")
    people.do(groups.grant_to_group, "owners", Right.SYSTEM_ADMIN)
    people.do(memberships.add_member, "owners", "sam")
    people.do(admissions.ask_for_admission, "owners", by=people.as_user("vic"))
    people.add("max", VIEWER)
    people.do(users.grant_to_user, "max", Right.MANAGE_LAB)
    attempts: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
        ("lea", memberships.add_member, ("owners", "lea")),
        ("lea", memberships.remove_member, ("owners", "sam")),
        ("lea", admissions.accept_request, ("owners", "vic")),
        ("lea", groups.grant_to_group, (LAB, Right.SYSTEM_ADMIN)),
        ("lea", groups.revoke_from_group, ("owners", Right.SYSTEM_ADMIN)),
        ("lea", groups.delete_group, ("owners",)),
        ("max", memberships.add_member, (LAB, "max")),
        ("max", groups.grant_to_group, (LAB, Right.GRADE)),
        ("max", groups.delete_group, (LAB,)),
    ]
    for username, operation, arguments in attempts:
        with pytest.raises(Forbidden):
            people.do(operation, *arguments, by=people.as_user(username))
        with pytest.raises(Unauthorized):
            people.do(operation, *arguments, by=ANONYMOUS)


def test_what_a_group_gets_and_gives_ends_with_the_rights_of_who_gives_it(people: People) -> None:
    until = people.app.clock.now() + LATER
    people.add("tom", VIEWER)
    for right in (Right.MANAGE_LAB, Right.PAY):
        people.do(users.grant_to_user, "tom", right, until=until)
    tom = people.as_user("tom")
    assert people.do(groups.grant_to_group, LAB, Right.MANAGE_LAB, by=tom).until == until
    assert people.do(memberships.add_member, LAB, "tom", by=tom).until == until
    assert people.do(users.grant_to_user, "vic", Right.PAY, by=people.as_user("tom")).until == until


def test_an_admin_who_has_expired_admits_no_one(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    now = people.app.clock.now()
    people.do(groups.make_group, "readers", "Readers")
    people.do(groups.grant_to_group, "readers", VIEWER)
    people.add("max", VIEWER, expires=now + LATER)
    people.do(memberships.add_member, "readers", "max", is_admin=True)
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + LATER)
    for operation, arguments in (
        (memberships.add_member, ("vic",)),
        (memberships.remove_member, ("max",)),
        (admissions.ask_for_admission, ()),
    ):
        with pytest.raises(Forbidden) as refused:
            people.do(operation, "readers", *arguments, by=people.as_user("max"))
        assert refused.value.code == "account_expired"


def test_a_user_asks_to_join_and_is_refused_asks_again_and_is_accepted(engine: Engine) -> None:
    people = with_lab(not_launched(engine))
    vic, ann = people.as_user("vic"), people.as_user("ann")
    people.do(admissions.ask_for_admission, LAB, "Please", by=vic)
    with pytest.raises(InvalidState) as refused:
        people.do(admissions.ask_for_admission, LAB, by=vic)
    assert refused.value.code == "asked_already"
    known = people.do(groups.read_group, LAB)
    shown = {
        who: [(one.username, one.text) for one in people.do(admissions.requests_of, known, by=by)]
        for who, by in (("ann", ann), ("bob", people.as_user("bob")), ("vic", vic))
    }
    assert shown == {"ann": [("vic", "Please")], "bob": [], "vic": [("vic", "Please")]}
    with pytest.raises(Refused):
        people.do(admissions.accept_request, LAB, "vic", by=people.as_user("bob"))
    people.do(admissions.refuse_request, LAB, "vic", by=ann)
    (seen,) = people.do(admissions.requests_of, known, by=vic)
    assert (seen.status, seen.decided_by) == ("refused", "user:ann")
    with pytest.raises(NotFound):
        people.do(admissions.accept_request, LAB, "vic", by=ann)
    people.do(admissions.ask_for_admission, LAB, by=vic)
    people.do(admissions.accept_request, LAB, "vic", by=ann)
    assert people.actor("vic").rights == {Right.VIEW, Right.PAY}
    assert people.do(admissions.requests_of, known) == []
    with pytest.raises(InvalidState) as refused:
        people.do(admissions.ask_for_admission, LAB, by=people.as_user("vic"))
    assert refused.value.code == "member_already"


def test_a_request_that_is_withdrawn_is_not_accepted(people: People) -> None:
    vic = people.as_user("vic")
    people.do(admissions.ask_for_admission, LAB, by=vic)
    people.do(admissions.withdraw_request, LAB, by=vic)
    for operation, arguments, by in (
        (admissions.accept_request, ("vic",), people.as_user("ann")),
        (admissions.withdraw_request, (), vic),
    ):
        with pytest.raises(NotFound):
            people.do(operation, LAB, *arguments, by=by)
    with pytest.raises(InvalidState):
        people.do(admissions.ask_for_admission, LAB)


@pytest.mark.parametrize(
    ("nickname", "code"),
    [
        ("Eye Lab", "invalid_name"),
        ("@vic", "invalid_name"),
        ("group:x", "invalid_name"),
        ("<b>", "invalid_name"),
        ("", "invalid_name"),
        ("operator", "name_reserved"),
        ("eyelab", "name_taken"),
        ("eye1ab", "name_taken"),
        ("eye-lab", "name_taken"),
    ],
)
def test_a_group_has_a_plain_nickname_that_looks_like_no_other(
    people: People, nickname: str, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        people.do(groups.make_group, nickname, "A lab")
    assert refused.value.code == code


def test_a_user_who_makes_a_group_is_its_first_admin(people: People) -> None:
    people.do(groups.make_group, "newlab", "New Lab", about="For new work", by=people.as_user("lea"))
    known = people.do(groups.read_group, "newlab")
    assert [(member.username, member.is_admin) for member in known.members] == [("lea", True)]
    assert (known.group.about, known.group.created_by, known.rights) == (
        "For new work",
        "user:lea",
        frozenset(),
    )
    assert ROLES[LAB_ADMIN] == people.actor("lea").rights


def test_each_change_of_a_group_is_one_entry_of_the_audit_log(people: People) -> None:
    vic = people.as_user("vic")
    people.do(groups.change_group, LAB, is_private=False)
    people.do(admissions.ask_for_admission, LAB, by=vic)
    people.do(admissions.refuse_request, LAB, "vic")
    people.do(admissions.ask_for_admission, LAB, by=vic)
    people.do(admissions.accept_request, LAB, "vic")
    people.do(groups.revoke_from_group, LAB, Right.PAY)
    people.do(groups.delete_group, LAB)
    by_operator = [one.entry.operation for one in people.do(list_entries, "operator", limit=5)]
    assert by_operator == [
        "groups.delete",
        "groups.revoke",
        "groups.accept",
        "groups.refuse",
        "groups.change",
    ]
    assert len(people.do(list_entries, "user:vic")) == 2


def test_a_group_of_many_members_is_changed_and_deleted_or_the_refusal_says_why(engine: Engine) -> None:
    people = People(not_launched(engine))
    people.do(groups.make_group, LAB, "Eye Lab")
    for number in range(32):
        people.add(f"user-{number}a", VIEWER)
        people.do(memberships.add_member, LAB, f"user-{number}a")
    people.do(groups.grant_to_group, LAB, Right.PAY)
    with pytest.raises(InvalidState, match="too many"):
        people.do(groups.delete_group, LAB)
    for number in range(5):
        people.do(memberships.remove_member, LAB, f"user-{number}a")
    people.do(groups.delete_group, LAB)
    assert people.actor("user-20a").rights == {Right.VIEW}
