"""Signing in with user name and password."""

from __future__ import annotations

import re

import pytest
from argon2 import PasswordHasher

from chalicelib.dashboard.sign_in import routes_of_sign_in, ways
from chalicelib.dashboard.sign_in.complete import complete
from chalicelib.dashboard.sign_in.sign_in_way import SignInWay
from chalicelib.errors import Forbidden
from chalicelib.operations.accounts.credentials import password_hashing, sign_in_limits
from chalicelib.operations.accounts.open_sessions import list_sessions
from chalicelib.operations.accounts.passwords import set_password
from chalicelib.operations.accounts.users import remove_user, revoke_from_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.world import Said, World

from .signing_in import PASSWORD, StrangersBrowser, add_user_with_password

REDIRECTED, SIGNED_OUT, FORBIDDEN, NOT_FOUND, PAUSED = 303, 401, 403, 404, 429


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world()
    add_user_with_password(made)
    return made


def _text(said: Said) -> str:
    """Return a page without what differs between any two of them."""
    return re.sub(r'value="[^"]*"| autofocus', "", said.raw.decode())


def test_a_user_signs_in_with_a_password_and_it_is_in_the_audit_log(here: World) -> None:
    browser = StrangersBrowser(here)
    said = browser.sign_in(" Ada ")
    assert (said.status, said.headers["location"]) == (REDIRECTED, "/dashboard")
    assert browser.open("overview").status == 200
    (session,) = here.app.run(list_sessions, caller=OPERATOR_CALLER)
    assert session.actor == "user:ada"
    (entry,) = here.app.run(list_entries, "user:ada", caller=OPERATOR_CALLER)
    assert (entry.entry.operation, entry.values) == ("sessions.begin", {"how": "password"})


def test_the_cookie_of_the_session_is_a_new_one(here: World) -> None:
    browser = StrangersBrowser(here)
    browser.open()
    browser.cookies[f"petri-{here.app.app_id}"] = "chosen-by-a-stranger"
    browser.post("sign-in/password", {"username": "ada", "password": PASSWORD}, browser.token_of("sign-in"))
    assert browser.session not in (None, "chosen-by-a-stranger")


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("ada", "another wrong password"),
        ("zoe", PASSWORD),
        ("ada", ""),
        ("", PASSWORD),
        ("ada", "é" * 2_000),
        ("../ada", PASSWORD),
        ("a" * 5_000, PASSWORD),
        ("nora", PASSWORD),
    ],
)
def test_unknown_users_wrong_passwords_and_users_without_rights_get_the_same_answer(
    here: World, username: str, password: str
) -> None:
    add_user_with_password(here, "nora")
    here.app.run(revoke_from_user, "nora", "Viewer", caller=OPERATOR_CALLER)
    wrong = StrangersBrowser(here).sign_in("ada", "a wrong password")
    browser = StrangersBrowser(here)
    said = browser.sign_in(username, password)
    assert (said.status, _text(said)) == (wrong.status, _text(wrong)) == (SIGNED_OUT, _text(wrong))
    assert browser.session is None
    assert PASSWORD not in said.raw.decode()


@pytest.mark.parametrize("username", ["ada", "zoe"])
def test_a_hash_is_compared_whether_or_not_the_user_exists(
    here: World, monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    compared: list[str] = []

    def compare(username: str, stored: str, password: str) -> bool:
        compared.append(stored.split("$")[3])
        return False

    monkeypatch.setattr("chalicelib.dashboard.sign_in.password_sign_in.is_password", compare)
    StrangersBrowser(here).sign_in(username)
    assert compared == ["m=19456,t=2,p=1"]


@pytest.mark.parametrize("username", ["ada", "zoe"])
def test_pauses_begin_after_some_failures_even_for_the_right_password(here: World, username: str) -> None:
    browser = StrangersBrowser(here)
    for _ in range(sign_in_limits.FREE_FAILURES + 1):
        assert browser.sign_in(username, "a wrong password").status == SIGNED_OUT
    paused = browser.sign_in(username)
    assert (paused.status, paused.headers["retry-after"]) == (PAUSED, "2")
    assert browser.session is None
    here.clock.turn(seconds=3)
    assert browser.sign_in(username).status == (REDIRECTED if username == "ada" else SIGNED_OUT)


def test_a_hash_of_weaker_parameters_is_replaced_at_the_next_sign_in(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with monkeypatch.context() as patched:
        patched.setattr(password_hashing, "_hasher", lambda: weak)
        patched.setattr(password_hashing, "_recent", password_hashing._RecentResults())
        here.app.run(set_password, "ada", PASSWORD, caller=OPERATOR_CALLER)
    (former,) = here.items("credential")
    assert StrangersBrowser(here).sign_in().status == REDIRECTED
    (item,) = here.items("credential")
    assert (former["hash"].split("$")[3], item["hash"].split("$")[3]) == ("m=8,t=1,p=1", "m=19456,t=2,p=1")
    assert StrangersBrowser(here).sign_in().status == REDIRECTED


def test_failures_are_forgotten_after_a_sign_in(here: World) -> None:
    browser = StrangersBrowser(here)
    for _ in range(sign_in_limits.FREE_FAILURES):
        browser.sign_in("ada", "a wrong password")
    browser.sign_in()
    assert here.items("sign_in_limit") == []


@pytest.mark.parametrize("csrf", ["", "0" * 24, "é"])
def test_a_form_that_belongs_to_another_browser_is_refused(here: World, csrf: str) -> None:
    browser, other = StrangersBrowser(here), StrangersBrowser(here)
    browser.open()
    for token in (csrf, other.token_of("sign-in")):
        with here.unchanged():
            said = browser.post("sign-in/password", {"username": "ada", "password": PASSWORD}, token)
        assert said.status == FORBIDDEN


def test_a_removed_user_takes_the_password_along(here: World) -> None:
    here.app.run(remove_user, "ada", caller=OPERATOR_CALLER)
    assert here.items("credential") == []
    assert StrangersBrowser(here).sign_in().status == SIGNED_OUT


def test_a_way_with_a_button_completes_a_sign_in_unless_what_it_uses_up_is_used(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []

    def use_up(ctx: object) -> None:
        if used:
            raise Forbidden("This state has been used.")
        used.append("state")

    way = SignInWay(
        "university",
        "Sign in with the university",
        begin=lambda request: complete(request, "ada", how="university", within=use_up),
        is_available=lambda: True,
        resume=lambda request: complete(request, "ada", how=f"university {request.part}"),
    )
    monkeypatch.setattr(ways, "SIGN_IN_WAYS", (way,))
    browser = StrangersBrowser(here)
    assert "Sign in with the university" in browser.open().raw.decode()
    assert browser.post("sign-in/university", {}).status == REDIRECTED
    again = StrangersBrowser(here)
    assert (again.post("sign-in/university", {}).status, again.session) == (FORBIDDEN, None)
    assert again.open("sign-in/university/callback").status == REDIRECTED
    assert again.open("sign-in/another").status == NOT_FOUND
    assert routes_of_sign_in.find_way("another") is None
