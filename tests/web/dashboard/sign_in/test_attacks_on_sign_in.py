"""What a stranger, a thief of a cookie, or a user whose access ends may try at the sign-in."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.access.rights import SUPER_ADMIN, VIEWER
from chalicelib.errors import Forbidden, Refused
from chalicelib.operations.accounts import passwords
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.accounts.credentials import one_time_codes, recovery_codes
from chalicelib.operations.accounts.users import grant_to_user, remove_user, revoke_from_user
from chalicelib.operations.audit.record_change import record_change
from chalicelib.operations.shared.context import OPERATOR_CALLER, caller_of
from tests.web.conftest import NewWorld
from tests.web.world import World

from .signing_in import PASSWORD, StrangersBrowser, add_user_with_password, code_now, give_codes

OK, REDIRECTED, SIGNED_OUT, FORBIDDEN, PAUSED = 200, 303, 401, 403, 429
NEW = "eleven quiet harbours wait"


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world()
    add_user_with_password(made)
    return made


@pytest.mark.parametrize("field", ["next", "redirect", "return_to", "location"])
def test_a_sign_in_leads_to_the_dashboard_and_nowhere_else(here: World, field: str) -> None:
    browser = StrangersBrowser(here)
    fields = {"username": "ada", "password": PASSWORD, field: "//evil.example"}
    said = browser.post("sign-in/password", fields)
    assert (said.status, said.headers["location"]) == (REDIRECTED, "/dashboard")


def test_what_a_stranger_types_is_shown_as_text(here: World) -> None:
    name = '"><script>alert(1)</script><b hx-get=x>'
    page = StrangersBrowser(here).sign_in(name, "wrong").raw.decode()
    assert ("<script>alert" in page, "<b hx-get" in page) == (False, False)


@pytest.mark.parametrize("path", ["sign-in", "sign-in/password", "sign-in/code", "account"])
def test_pages_of_the_sign_in_are_stored_by_no_cache(here: World, path: str) -> None:
    said = StrangersBrowser(here).open(path)
    assert said.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["sign-in/password", "sign-in/code", "sign-in/new-password", "account/password"]
)
def test_a_form_of_another_site_tries_no_password(here: World, path: str) -> None:
    browser = StrangersBrowser(here)
    token = browser.token_of("sign-in")
    browser.headers |= {"origin": "http://evil.example", "sec-fetch-site": "cross-site"}
    with here.unchanged():
        assert browser.post(path, {"username": "ada", "password": "x"}, token).status == FORBIDDEN


def test_the_session_of_a_password_over_https_is_refused_over_http(here: World) -> None:
    page = here.get("/dashboard/sign-in", headers={"host": "localhost:5000"}, scheme="https")
    cookie = page.headers["set-cookie"]
    assert cookie.startswith("__Host-petri-test-form=")
    assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; "))
    csrf = page.raw.decode().partition('name="csrf" value="')[2].partition('"')[0]
    headers = {
        "host": "localhost:5000",
        "origin": "https://localhost:5000",
        "cookie": cookie.partition(";")[0],
    }
    fields = {"username": "ada", "password": PASSWORD, "csrf": csrf}
    said = here.post("/dashboard/sign-in/password", fields, headers=headers, scheme="https")
    session = said.headers["set-cookie"].partition(";")[0]
    assert session.startswith("__Host-")
    stolen = {"host": "localhost:5000", "cookie": session.removeprefix("__Host-")}
    assert here.get("/dashboard", headers=stolen).status == SIGNED_OUT


def test_a_change_under_way_is_refused_when_the_password_changes(here: World) -> None:
    actor = here.app.run(find_actor, "user:ada")
    here.app.run(passwords.set_password, "ada", NEW, caller=caller_of(actor))
    with pytest.raises(Forbidden, match="rights were changed"):
        here.app.run(record_change, "notes.add", records=[("notes", "1")], caller=caller_of(actor))


def test_a_challenge_ends_when_the_password_changes_or_the_user_is_removed(here: World) -> None:
    secret, _ = give_codes(here)
    browser = StrangersBrowser(here)
    challenge = browser.sign_in().raw.decode().partition('name="challenge" value="')[2].partition('"')[0]
    here.app.run(passwords.set_password, "ada", NEW, caller=OPERATOR_CALLER)
    fields = {"challenge": challenge, "code": code_now(here, secret)}
    assert browser.post("sign-in/code", fields).status == SIGNED_OUT
    here.app.run(remove_user, "ada", caller=OPERATOR_CALLER)
    assert here.items("credential") == []


def test_a_user_whose_rights_end_between_password_and_code_is_not_signed_in(here: World) -> None:
    secret, _ = give_codes(here)
    browser = StrangersBrowser(here)
    challenge = browser.sign_in().raw.decode().partition('name="challenge" value="')[2].partition('"')[0]
    here.app.run(revoke_from_user, "ada", VIEWER, caller=OPERATOR_CALLER)
    fields = {"challenge": challenge, "code": code_now(here, secret)}
    assert browser.post("sign-in/code", fields).status == SIGNED_OUT
    assert browser.session is None


def test_the_owner_signs_in_while_a_stranger_guesses_from_another_address(here: World) -> None:
    stranger, owner = StrangersBrowser(here), StrangersBrowser(here)
    here.address = "198.51.100.66"
    statuses = [stranger.sign_in(password=f"guess number {number}").status for number in range(8)]
    assert statuses.count(PAUSED) == 3
    here.address = "203.0.113.5"
    assert owner.sign_in().status == REDIRECTED
    here.address = "198.51.100.66"
    assert stranger.sign_in().status == PAUSED


def test_an_expired_user_signs_in_and_may_only_view(world: NewWorld) -> None:
    here = world()
    add_user_with_password(here, "eve", "Researcher", days=1)
    here.clock.turn(hours=25)
    browser = StrangersBrowser(here)
    assert browser.sign_in("eve").status == REDIRECTED
    actor = here.app.run(find_actor, "user:eve")
    assert [right.value for right in actor.rights] == ["View"]


def test_a_user_changes_the_credentials_of_no_other_whatever_they_may_manage(here: World) -> None:
    add_user_with_password(here, "lea", "Lab admin")
    lea = caller_of(here.app.run(find_actor, "user:lea"))
    attempts: list[tuple[Any, ...]] = [
        (passwords.set_password, "ada", NEW),
        (one_time_codes.begin_codes, "ada"),
        (one_time_codes.confirm_codes, "ada", "123456"),
        (recovery_codes.renew_recovery_codes, "ada"),
    ]
    for operation, *arguments in attempts:
        with here.unchanged(), pytest.raises(Refused):
            here.app.run(operation, *arguments, caller=lea)
    here.app.run(grant_to_user, "ada", SUPER_ADMIN, caller=OPERATOR_CALLER)
    with here.unchanged(), pytest.raises(Refused):
        here.app.run(one_time_codes.turn_off_codes, "ada", caller=lea)
