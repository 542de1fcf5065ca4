"""Users, what they are granted, and their tokens: within the rights of the actor who grants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.access.rights import OPERATOR_ACTOR, ROLES, Right
from chalicelib.errors import BadRequest, Forbidden, InvalidState, NotFound, Refused, Unauthorized
from chalicelib.model import keys
from chalicelib.operations.accounts import tokens_of_users, users
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.audit.verification import verify
from chalicelib.operations.shared.context import ANONYMOUS, caller_of
from chalicelib.storage.engine import Engine
from chalicelib.storage.files.folder_seals import FolderSeals
from tests.contract.accounts.people import People
from tests.contract.factories import dump, not_launched

LATER = timedelta(days=7)


@pytest.fixture
def people(sqlite: Engine, tmp_path: Path) -> People:
    """A run with a user of each of three roles."""
    app = not_launched(sqlite)
    app.seals = FolderSeals(tmp_path / "seals")
    made = People(app)
    for username, role in (("vic", "Viewer"), ("ada", "Researcher"), ("lea", "Lab admin")):
        made.add(username, role)
    return made


def test_users_grants_and_tokens_are_stored_in_each_engine(engine: Engine) -> None:
    people = People(not_launched(engine))
    until = people.app.clock.now() + LATER
    people.add("ada", "Researcher", email="ada@example.org", expires=until)
    people.do(users.grant_to_user, "ada", "Manage lab", until=until)
    token = people.do(tokens_of_users.make_token, "ada", "ci", rights=[Right.VIEW], expires=until)
    (account,) = people.do(users.list_users)
    assert (account.user.name, account.user.email, account.user.expires) == ("Ada", "ada@example.org", until)
    assert [(grant.what, grant.by, grant.until) for grant in account.grants] == [
        ("Manage lab", "operator", until),
        ("Researcher", "operator", None),
    ]
    assert [(one.name, one.rights, one.expires) for one in account.tokens] == [("ci", {Right.VIEW}, until)]
    assert people.token_actor(token).id == "token:ada/ci"


def test_a_user_has_the_rights_of_their_grants(people: People) -> None:
    assert people.actor("vic").rights == ROLES["Viewer"]
    people.do(users.grant_to_user, "vic", "Pay")
    assert people.actor("vic").rights == {Right.VIEW, Right.PAY}
    people.do(users.revoke_from_user, "vic", "Viewer")
    assert people.actor("vic").rights == {Right.PAY}
    assert people.app.run(find_actor, "operator") is OPERATOR_ACTOR
    for stranger in ("user:zoe", "user:", "token:ada/ci", "ada", ""):
        assert people.app.run(find_actor, stranger) is None


def test_a_grant_ends_by_itself_and_an_expired_user_may_only_view(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = people.app.clock.now()
    people.do(users.grant_to_user, "vic", "Pay", until=now + LATER)
    people.add("max", "Researcher", expires=now + LATER)
    assert Right.PAY in people.actor("vic").rights
    assert people.actor("max").rights == ROLES["Researcher"]
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + LATER)
    assert people.actor("vic").rights == {Right.VIEW}
    assert people.actor("max").rights == {Right.VIEW}


@pytest.mark.parametrize("username", ["vic", "ada"])
def test_a_user_without_manage_lab_changes_no_accounts(people: People, username: str) -> None:
    by = people.as_user(username)
    for operation, arguments in (
        (users.grant_to_user, (username, "Pay")),
        (users.revoke_from_user, ("lea", "Lab admin")),
        (users.remove_user, ("lea",)),
    ):
        with pytest.raises(Forbidden):
            people.do(operation, *arguments, by=by)
        with pytest.raises(Unauthorized):
            people.do(operation, *arguments, by=ANONYMOUS)
    with pytest.raises(Forbidden):
        people.do(users.add_user, "eve", "Eve", role="Viewer", by=by)
    assert [one.user.username for one in people.do(users.list_users, by=by)] == [username]


def test_rights_are_granted_and_revoked_within_ones_own_only(people: People) -> None:
    people.add("sam", "Super admin")
    lab_admin = people.as_user("lea")
    people.do(users.grant_to_user, "vic", "Researcher", by=lab_admin)
    for operation, arguments in (
        (users.grant_to_user, ("lea", "Super admin")),
        (users.grant_to_user, ("lea", "System admin")),
        (users.revoke_from_user, ("sam", "Super admin")),
        (users.remove_user, ("sam",)),
    ):
        with pytest.raises(Forbidden):
            people.do(operation, *arguments, by=lab_admin)
    with pytest.raises(Forbidden):
        people.do(users.add_user, "eve", "Eve", role="Super admin", by=lab_admin)
    assert people.app.run(find_actor, "user:eve") is None


def test_a_change_that_is_under_way_is_refused_when_a_right_is_taken_away(people: People) -> None:
    before = people.as_user("ada")
    token = people.do(tokens_of_users.make_token, "ada", "ci")
    by_token = caller_of(people.token_actor(token))
    people.change(before)
    people.change(by_token)
    people.do(users.revoke_from_user, "ada", "Researcher")
    for caller in (before, by_token):
        with pytest.raises(Forbidden) as refused:
            people.change(caller)
        assert refused.value.code == "rights_changed"
    assert people.token_actor(token).rights == frozenset()


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        (users.grant_to_user, ("zoe", "Viewer"), "user_not_found"),
        (users.revoke_from_user, ("vic", "Pay"), "grant_not_found"),
        (users.remove_user, ("zoe",), "user_not_found"),
        (users.grant_to_user, ("vic", "King"), "unknown_role"),
        (tokens_of_users.make_token, ("zoe", "ci"), "user_not_found"),
        (tokens_of_users.revoke_token, ("vic", "ci"), "token_not_found"),
        (tokens_of_users.make_token, ("vic", "two words"), "invalid_name"),
    ],
)
def test_what_does_not_exist_or_is_not_valid_is_refused(
    people: People, operation: Callable[..., Any], arguments: tuple[Any, ...], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        people.do(operation, *arguments)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["", "Ada", "a b", "a/b", "a#b", "-a", "a" * 33, "<b>", "a\n"])
def test_a_username_is_a_slug(people: People, name: str) -> None:
    with pytest.raises(BadRequest):
        people.do(users.add_user, name, "Name", role="Viewer")


def test_a_name_is_one_line_and_no_username_is_taken_twice(people: People) -> None:
    for name, username, refusal in (
        ("two\nlines", "eve", BadRequest),
        ("\u202eadA", "eve", BadRequest),
        ("x" * 201, "eve", BadRequest),
        ("Ada", "ada", InvalidState),
    ):
        with pytest.raises(refusal):
            people.do(users.add_user, username, name, role="Viewer")


@pytest.mark.parametrize("name", ["operator", "0perator", "adm1n", "nobody", "me", "add", "root"])
def test_a_username_under_which_petri_acts_or_that_looks_like_one_is_refused(
    people: People, name: str
) -> None:
    with pytest.raises(InvalidState) as refused:
        people.do(users.add_user, name, "Eve", role="Viewer")
    assert refused.value.code == "name_reserved"


@pytest.mark.parametrize(("taken", "alike"), [("lil", "l1l"), ("arno", "arn0"), ("mo-ra", "rnora")])
def test_a_username_that_looks_like_that_of_another_user_is_refused_until_they_are_removed(
    people: People, taken: str, alike: str
) -> None:
    people.add(taken, "Viewer")
    with pytest.raises(InvalidState, match=f"looks like the name of the user '{taken}'"):
        people.add(alike, "Viewer")
    people.do(users.remove_user, taken)
    people.add(alike, "Viewer")


@pytest.mark.parametrize("name", ["Operator", "OPERATOR", "Оperator", "Аda Lovelace", "\uff2fperator"])  # noqa: RUF001 (some letters are Cyrillic, which is what is refused)
def test_a_name_that_looks_like_that_of_another_person_is_refused(people: People, name: str) -> None:
    with pytest.raises(InvalidState):
        people.do(users.add_user, "eve", name, role="Viewer")


@pytest.mark.parametrize("name", ["Ада Лавлейс", "Αδα", "Müller-Lüdenscheidt", "O'Neil", "李 雷", "Zoë 2"])
def test_names_of_any_alphabet_are_taken(people: People, name: str) -> None:
    assert people.do(users.add_user, "eve", name, role="Viewer").name == name


# -- tokens -----------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_only_its_hash_and_beginning_are_stored(
    people: People, sqlite: Engine
) -> None:
    token = people.do(tokens_of_users.make_token, "ada", "ci")
    assert token.startswith("petri_")
    assert len(token) > 45
    stored = str(dump(sqlite))
    assert token not in stored
    assert token[12:] not in stored
    (shown,) = [one for account in people.do(users.list_users) for one in account.tokens]
    assert shown.prefix == token[:12]


def test_a_token_has_rights_of_its_user_and_only_those_still_held(people: People) -> None:
    chosen = [Right.VIEW, Right.PAY]
    token = people.do(tokens_of_users.make_token, "ada", "ci", rights=chosen)
    assert people.token_actor(token).rights == set(chosen)
    with pytest.raises(InvalidState):
        people.do(tokens_of_users.make_token, "ada", "more", rights=[Right.SYSTEM_ADMIN])
    people.do(users.grant_to_user, "ada", "Viewer")
    people.do(users.revoke_from_user, "ada", "Researcher")
    assert people.token_actor(token).rights == {Right.VIEW}


def test_users_make_tokens_for_themselves_and_tokens_make_none(people: People) -> None:
    ada = people.as_user("ada")
    token = people.do(tokens_of_users.make_token, "ada", "ci", by=ada)
    for whose, by in (("vic", ada), ("ada", caller_of(people.token_actor(token)))):
        with pytest.raises(Forbidden):
            people.do(tokens_of_users.make_token, whose, "other", by=by)
    with pytest.raises(NotFound):
        people.do(tokens_of_users.revoke_token, "ada", "ci", by=people.as_user("vic"))
    people.do(tokens_of_users.revoke_token, "ada", "ci", by=ada)


def test_a_token_that_was_revoked_has_expired_or_is_unknown_is_unauthorized(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = people.app.clock.now()
    revoked = people.do(tokens_of_users.make_token, "ada", "one")
    people.do(tokens_of_users.revoke_token, "ada", "one")
    expiring = people.do(tokens_of_users.make_token, "ada", "two", expires=now + LATER)
    assert people.token_actor(expiring).id == "token:ada/two"
    for text in (revoked, "petri_", "petri_" + "x" * 43, expiring + "x", "petri_" + "x" * 10_000):
        with pytest.raises(Unauthorized):
            people.token_actor(text)
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + LATER)
    with pytest.raises(Unauthorized) as refused:
        people.token_actor(expiring)
    assert refused.value.code == "token_expired"


def test_a_removed_user_and_their_tokens_are_gone_and_do_not_come_back(
    people: People, sqlite: Engine
) -> None:
    before = people.as_user("ada")
    token = people.do(tokens_of_users.make_token, "ada", "ci")
    people.do(users.remove_user, "ada")
    assert people.app.run(find_actor, "user:ada") is None
    with pytest.raises(Unauthorized):
        people.token_actor(token)
    assert [key for key in dump(sqlite) if key[0] in (keys.grants("ada"), keys.api_tokens("ada"))] == []
    people.add("ada", "Viewer")
    with pytest.raises(Unauthorized):
        people.token_actor(token)
    with pytest.raises(Forbidden):
        people.change(before)


def test_every_change_of_an_account_is_audited_without_the_token(people: People) -> None:
    token = people.do(tokens_of_users.make_token, "vic", "ci")
    people.do(users.grant_to_user, "vic", "Pay")
    people.do(users.revoke_from_user, "vic", "Pay")
    people.do(tokens_of_users.revoke_token, "vic", "ci")
    people.do(users.remove_user, "vic")
    entries = people.do(list_entries, limit=5)
    assert [one.entry.operation for one in reversed(entries)] == [
        "tokens.create",
        "users.grant",
        "users.revoke",
        "tokens.revoke",
        "users.remove",
    ]
    assert token not in str(entries)
    assert people.do(verify, people.app.seals).findings == []
