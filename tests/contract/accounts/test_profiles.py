"""Profiles of users: changed by themselves, and by who manages the lab within their own rights."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.access.rights import LAB_ADMIN, RESEARCHER, SUPER_ADMIN, VIEWER, Right
from chalicelib.dashboard import sessions
from chalicelib.errors import Forbidden, InvalidState, NotFound, Refused, Unauthorized
from chalicelib.operations.accounts import tokens_of_users, users
from chalicelib.operations.accounts.profiles.preferences import Preferences, Theme
from chalicelib.operations.accounts.profiles.user_profiles import ProfileChanges, change_profile, own_profile
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import ANONYMOUS, caller_of
from chalicelib.storage.engine import Engine
from tests.contract.accounts.people import People
from tests.contract.factories import not_launched

LATER = timedelta(days=7)
EMAIL = ProfileChanges(email="new@example.org")


@pytest.fixture
def people(sqlite: Engine) -> People:
    made = People(not_launched(sqlite))
    for username, role in (("vic", VIEWER), ("ada", RESEARCHER), ("lea", LAB_ADMIN), ("sam", SUPER_ADMIN)):
        made.add(username, role)
    return made


def test_a_user_changes_their_own_profile(engine: Engine) -> None:
    people = People(not_launched(engine))
    people.add("ada", VIEWER, email="old@example.org")
    changes = ProfileChanges(
        "Ada L.", "Ada", "Lovelace", "ada@example.org", "+44 1", ("Lab A", "Lab B"), {"theme": "dark"}
    )
    people.do(change_profile, "ada", changes, by=people.as_user("ada"))
    user = people.do(own_profile, by=people.as_user("ada"))
    assert (user.name, user.first_name, user.last_name) == ("Ada L.", "Ada", "Lovelace")
    assert (user.email, user.phone) == ("ada@example.org", "+44 1")
    assert (user.affiliations, user.preferences) == (("Lab A", "Lab B"), {"theme": "dark"})
    assert user.modified is not None
    (entry,) = people.do(list_entries, "user:ada")
    assert entry.entry.operation == "users.change"


def test_a_preference_that_is_changed_leaves_the_others(people: People) -> None:
    for changed in ({"theme": "dark"}, {"rows_per_page": "25"}, {"theme": "light"}):
        people.do(change_profile, "ada", ProfileChanges(preferences=changed), by=people.as_user("ada"))
    stored = people.do(own_profile, by=people.as_user("ada")).preferences
    assert stored == {"theme": "light", "rows_per_page": "25"}
    assert Preferences.of(stored) == Preferences(Theme.LIGHT, 25, "")


def test_stored_preferences_that_make_no_sense_count_as_not_chosen() -> None:
    for stored in (
        {"theme": "pink", "rows_per_page": "9999", "time_zone": "Europe/<b>"},
        {"theme": "", "rows_per_page": "-1", "time_zone": "Europe/Berlin\n"},
        {"rows_per_page": "²"},
        {},
    ):
        assert Preferences.of(stored) == Preferences()


def test_profiles_can_be_changed_by_their_users_and_by_admins(people: People) -> None:
    token = people.do(tokens_of_users.make_token, "ada", "ci")
    for username, by, refusal in (
        ("vic", people.as_user("ada"), NotFound),
        ("ada", caller_of(people.token_actor(token)), Forbidden),
        ("sam", people.as_user("lea"), Forbidden),
        ("zoe", people.as_user("lea"), NotFound),
        ("ada", ANONYMOUS, Unauthorized),
    ):
        with pytest.raises(refusal):
            people.do(change_profile, username, EMAIL, by=by)
    for username, by in (("ada", "ada"), ("ada", "lea"), ("sam", "sam"), ("lea", "sam")):
        people.do(change_profile, username, EMAIL, by=people.as_user(by))
    with pytest.raises(InvalidState):
        people.do(own_profile)


def test_no_user_prolongs_their_own_account_or_makes_it_a_program(people: People) -> None:
    now = people.app.clock.now()
    for username, role in (("max", RESEARCHER), ("mia", LAB_ADMIN)):
        people.add(username, role, expires=now + LATER)
        for changes, more in (
            (ProfileChanges(expires=now + 2 * LATER), {}),
            (ProfileChanges(), {"never_expires": True}),
            (ProfileChanges(is_bot=True), {}),
        ):
            with pytest.raises(Forbidden):
                people.do(change_profile, username, changes, by=people.as_user(username), **more)
    changed = people.do(change_profile, "max", ProfileChanges(), never_expires=True, by=people.as_user("mia"))
    assert changed.expires == now + LATER
    changed = people.do(change_profile, "max", ProfileChanges(), never_expires=True, by=people.as_user("lea"))
    assert changed.expires is None


def test_an_account_that_ends_refuses_changes_under_way_and_then_only_views(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = people.app.clock.now()
    before = people.as_user("ada")
    people.do(change_profile, "ada", ProfileChanges(expires=now + LATER))
    with pytest.raises(Forbidden, match="Your rights were changed"):
        people.change(before)
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + LATER)
    assert people.actor("ada").rights == {Right.VIEW}
    for operation, arguments in (
        (change_profile, ("ada", EMAIL)),
        (tokens_of_users.make_token, ("ada", "x")),
    ):
        with pytest.raises(Forbidden) as refused:
            people.do(operation, *arguments, by=people.as_user("ada"))
        assert refused.value.code == "account_expired"


def test_an_expired_super_admin_is_not_renewed_or_removed_by_a_lab_admin(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = people.app.clock.now()
    people.add("tim", SUPER_ADMIN, expires=now + LATER)
    monkeypatch.setattr(type(people.app.clock), "now", lambda _: now + LATER)
    lea = people.as_user("lea")
    with pytest.raises(Forbidden):
        people.do(change_profile, "tim", ProfileChanges(), never_expires=True, by=lea)
    with pytest.raises(Forbidden):
        people.do(users.remove_user, "tim", by=lea)


def test_a_program_has_tokens_and_signs_in_no_more(people: People) -> None:
    ticket = people.do(sessions.create_ticket_for_user, "ada")
    session = people.do(sessions.begin_session, ticket)
    people.do(change_profile, "ada", ProfileChanges(is_bot=True))
    assert people.do(sessions.find_session, session) is None
    with pytest.raises(InvalidState) as refused:
        people.do(sessions.create_ticket_for_user, "ada")
    assert refused.value.code == "user_is_bot"
    browser = sessions.Browser("", is_secure=False, agent="", address="")
    with pytest.raises(Unauthorized):
        people.do(sessions.begin_user_session, "ada", browser, how="password")
    token = people.do(tokens_of_users.make_token, "ada", "ci")
    assert Right.PAY in people.token_actor(token).rights


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        (ProfileChanges(name=""), "name_missing"),
        (ProfileChanges(name="Operator"), "name_reserved"),
        (ProfileChanges(first_name="\u0410da"), "name_misleading"),
        (ProfileChanges(phone="1\n2"), "invalid_name"),
        (ProfileChanges(email="x" * 201), "invalid_name"),
        (ProfileChanges(affiliations=["a\u202eb"]), "invalid_name"),
        (ProfileChanges(affiliations=["Lab"] * 11), "too_many_entries"),
        (ProfileChanges(preferences={str(number): "" for number in range(21)}), "too_many_entries"),
    ],
)
def test_a_profile_that_is_not_valid_is_refused(people: People, changes: ProfileChanges, code: str) -> None:
    with pytest.raises(Refused) as refused:
        people.do(change_profile, "ada", changes)
    assert refused.value.code == code
