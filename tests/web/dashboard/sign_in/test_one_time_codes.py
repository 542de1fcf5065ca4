"""Signing in with a code after the password: one-time codes and recovery codes."""

from __future__ import annotations

import re

import pytest

from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.web.conftest import NewWorld
from tests.web.world import World

from .signing_in import PASSWORD, StrangersBrowser, add_user_with_password, code_now

OK, REDIRECTED, REFUSED, SIGNED_OUT, FORBIDDEN, PAUSED = 200, 303, 400, 401, 403, 429


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world()
    add_user_with_password(made)
    return made


def set_up_codes(here: World) -> tuple[str, list[str]]:
    """Set up codes as the user; return the secret and the recovery codes."""
    browser = StrangersBrowser(here)
    browser.sign_in()
    browser.post("account/begin-codes", {})
    page = browser.open("account").raw.decode()
    assert 'src="data:image/svg+xml' in page
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")
    said = browser.post("account/confirm-codes", {"code": code_now(here, secret)})
    assert said.status == OK
    codes = re.findall(r"[a-z2-7]{6}(?:-[a-z2-7]{6}){3}", said.raw.decode())
    assert len(set(codes)) == 10
    here.clock.turn(minutes=1)
    return secret, codes


def ask_for_code(here: World) -> tuple[StrangersBrowser, str]:
    """Sign in with the password; return the browser and the challenge of the form that asks for a code."""
    browser = StrangersBrowser(here)
    said = browser.sign_in()
    assert (said.status, browser.session) == (OK, None)
    return browser, re.search(r'name="challenge" value="([\w-]+)"', said.raw.decode())[1]


def test_a_code_follows_the_password(here: World) -> None:
    secret, _ = set_up_codes(here)
    browser, challenge = ask_for_code(here)
    code = code_now(here, secret)
    said = browser.post("sign-in/code", {"challenge": challenge, "code": f"{code[:3]} {code[3:]}"})
    assert (said.status, browser.open("overview").status) == (REDIRECTED, OK)
    last = here.app.run(list_entries, "user:ada", caller=OPERATOR_CALLER)[0]
    assert (last.entry.operation, last.values) == ("sessions.begin", {"how": "password and code"})


def test_a_code_works_once_and_for_a_minute_around_its_time(here: World) -> None:
    secret, _ = set_up_codes(here)
    code = code_now(here, secret)
    browser, challenge = ask_for_code(here)
    assert browser.post("sign-in/code", {"challenge": challenge, "code": code}).status == REDIRECTED
    browser, challenge = ask_for_code(here)
    assert browser.post("sign-in/code", {"challenge": challenge, "code": code}).status == SIGNED_OUT
    here.clock.turn(seconds=29)
    ahead = code_now(here, secret, 2)
    assert browser.post("sign-in/code", {"challenge": challenge, "code": ahead}).status == SIGNED_OUT
    fitting = code_now(here, secret, 1)
    assert browser.post("sign-in/code", {"challenge": challenge, "code": fitting}).status == REDIRECTED


@pytest.mark.parametrize(
    "code", ["", "000000x", "\uff11\uff12\uff13\uff14\uff15\uff16", "12345", "9" * 5_000]
)
def test_an_invalid_code_is_refused(here: World, code: str) -> None:
    set_up_codes(here)
    browser, challenge = ask_for_code(here)
    assert browser.post("sign-in/code", {"challenge": challenge, "code": code}).status == SIGNED_OUT
    assert browser.session is None


def test_a_challenge_belongs_to_its_browser_and_is_not_enough_to_sign_in(here: World) -> None:
    secret, _ = set_up_codes(here)
    _, challenge = ask_for_code(here)
    code = code_now(here, secret)
    other = StrangersBrowser(here)
    said = other.post("sign-in/code", {"challenge": challenge, "code": code})
    assert (said.status, b"Begin again" in said.raw) == (SIGNED_OUT, True)
    for path in ("sign-in", "sign-in/new-password"):
        fields = {"ticket": challenge, "new-password": PASSWORD, "again": PASSWORD}
        assert other.post(path, fields).status == SIGNED_OUT
    assert other.session is None


def test_a_challenge_expires_after_five_minutes(here: World) -> None:
    secret, _ = set_up_codes(here)
    browser, challenge = ask_for_code(here)
    here.clock.turn(minutes=5)
    fields = {"challenge": challenge, "code": code_now(here, secret)}
    assert browser.post("sign-in/code", fields).status == SIGNED_OUT


def test_a_recovery_code_takes_the_place_of_a_code_once(here: World) -> None:
    _, codes = set_up_codes(here)
    browser, challenge = ask_for_code(here)
    fields = {"challenge": challenge, "recovery": f" {codes[0].upper()} "}
    assert browser.post("sign-in/code", fields).status == REDIRECTED
    assert "You have 9 recovery codes left" in browser.open("account").raw.decode()
    again, challenge = ask_for_code(here)
    assert again.post("sign-in/code", {"challenge": challenge, "recovery": codes[0]}).status == SIGNED_OUT
    assert again.session is None


def test_new_recovery_codes_replace_the_former_ones(here: World) -> None:
    secret, codes = set_up_codes(here)
    browser, challenge = ask_for_code(here)
    browser.post("sign-in/code", {"challenge": challenge, "code": code_now(here, secret)})
    said = browser.post("account/new-recovery-codes", {})
    made = re.findall(r"[a-z2-7]{6}(?:-[a-z2-7]{6}){3}", said.raw.decode())
    assert len(set(made) - set(codes)) == 10
    other, challenge = ask_for_code(here)
    assert other.post("sign-in/code", {"challenge": challenge, "recovery": codes[1]}).status == SIGNED_OUT
    assert other.post("sign-in/code", {"challenge": challenge, "recovery": made[1]}).status == REDIRECTED


def test_wrong_codes_from_many_addresses_pause_codes_but_not_recovery_codes(here: World) -> None:
    secret, codes = set_up_codes(here)
    browser, challenge = ask_for_code(here)
    for number in range(11):
        here.address = f"198.51.100.{number}"
        wrong = {"challenge": challenge, "code": f"{number:06d}"}
        assert browser.post("sign-in/code", wrong).status == SIGNED_OUT
    here.address = "203.0.113.9"
    owner, challenge = ask_for_code(here)
    right = {"challenge": challenge, "code": code_now(here, secret)}
    assert owner.post("sign-in/code", right).status == PAUSED
    assert owner.post("sign-in/code", {"challenge": challenge, "recovery": codes[3]}).status == REDIRECTED


def test_codes_are_asked_for_only_after_one_was_right(here: World) -> None:
    browser = StrangersBrowser(here)
    browser.sign_in()
    browser.post("account/begin-codes", {})
    assert browser.post("account/confirm-codes", {"code": "000000"}).status == REFUSED
    assert StrangersBrowser(here).sign_in().status == REDIRECTED
    here.clock.turn(minutes=16)
    assert browser.post("account/confirm-codes", {"code": "000000"}).status == FORBIDDEN


def test_turned_off_codes_are_not_asked_for_and_their_recovery_codes_are_gone(here: World) -> None:
    secret, _ = set_up_codes(here)
    browser, challenge = ask_for_code(here)
    browser.post("sign-in/code", {"challenge": challenge, "code": code_now(here, secret)})
    assert browser.post("account/turn-off-codes", {}).status == REDIRECTED
    assert [item["name"] for item in here.items("credential")] == ["password"]
    assert StrangersBrowser(here).sign_in().status == REDIRECTED


def test_no_secret_and_no_code_is_in_the_audit_log_or_on_a_page_that_others_see(here: World) -> None:
    here.app.run(add_user, "lea", "Lea", role="Super admin", caller=OPERATOR_CALLER)
    secret, codes = set_up_codes(here)
    entries = str(here.items("audit_entry")) + str(here.items("audit_values"))
    stored = [item.get("hash", "-") for item in here.items("credential")]
    for each in (secret, PASSWORD, *codes, *codes[0].split("-"), *stored):
        assert each == "-" or each not in entries
    assert codes[0] not in str(here.items())
    assert PASSWORD not in str(here.items())
