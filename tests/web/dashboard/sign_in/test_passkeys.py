"""A user adds a passkey, signs in with it and removes it; copies, replays and made-up answers are refused."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from chalicelib.operations.accounts.identities.passkey_records import find_passkey, passkeys_of
from chalicelib.operations.accounts.users import remove_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.tools.signing_in.soft_passkey import PRESENT, SoftPasskey
from tests.web.conftest import NewWorld
from tests.web.dashboard.sign_in.signing_in import StrangersBrowser, add_user_with_password
from tests.web.world import Said, World

OK, REDIRECTED, REFUSED, FORBIDDEN, NOT_FOUND = 200, 303, 400, 403, 404


@pytest.fixture
def here(world: NewWorld) -> World:
    made = world(passkeys=True)
    add_user_with_password(made)
    return made


@pytest.fixture
def owner(here: World) -> StrangersBrowser:
    """A browser in which Ada has signed in with her password."""
    browser = StrangersBrowser(here)
    assert browser.sign_in().status == REDIRECTED
    return browser


def _page(said: Said) -> str:
    return html.unescape(said.raw.decode())


def _form(said: Said) -> tuple[dict[str, Any], str]:
    """Return the options and the sealed challenge of a page's form."""
    options = re.search(r'data-options="([^"]*)"', said.raw.decode())
    sealed = re.search(r'name="challenge" value="([^"]*)"', said.raw.decode())
    assert options is not None
    assert sealed is not None
    return json.loads(html.unescape(options[1])), sealed[1]


def _add(owner: StrangersBrowser, passkey: SoftPasskey, label: str = "My laptop") -> Said:
    options, sealed = _form(owner.post("account/begin-passkey", {}))
    fields = {"label": label, "challenge": sealed, "answer": passkey.register(options)}
    return owner.post("account/add-passkey", fields)


def _begin(here: World) -> tuple[StrangersBrowser, dict[str, Any], str]:
    browser = StrangersBrowser(here)
    browser.open()
    options, sealed = _form(browser.post("sign-in/passkey", {}))
    return browser, options, sealed


def _sign_in(here: World, passkey: SoftPasskey) -> tuple[StrangersBrowser, Said]:
    browser, options, sealed = _begin(here)
    fields = {"challenge": sealed, "answer": passkey.sign(options)}
    return browser, browser.post("sign-in/passkey/answer", fields)


def test_a_user_adds_a_passkey_and_signs_in_with_it_without_a_user_name(
    here: World, owner: StrangersBrowser
) -> None:
    passkey = SoftPasskey()
    assert _add(owner, passkey).headers["location"] == "/dashboard/account?said=add-passkey"
    assert "My laptop, added" in _page(owner.open("account"))
    browser, said = _sign_in(here, passkey)
    assert (said.status, said.headers["location"]) == (REDIRECTED, "/dashboard")
    assert browser.open("overview").status == OK
    assert "last used" in _page(owner.open("account"))
    entries = here.app.run(list_entries, "user:ada", caller=OPERATOR_CALLER)
    assert "credentials.add_passkey" in [each.entry.operation for each in entries]


def test_the_browser_is_asked_to_verify_the_person_and_to_keep_the_passkey(owner: StrangersBrowser) -> None:
    options, _ = _form(owner.post("account/begin-passkey", {}))
    assert options["rp"]["id"] == "localhost"
    selection = options["authenticatorSelection"]
    assert (selection["residentKey"], selection["userVerification"]) == ("required", "required")
    assert "ada" not in options["user"]["id"].lower()


@pytest.mark.parametrize("count", [4, 5])
def test_a_count_that_is_not_higher_blocks_the_passkey(
    here: World, owner: StrangersBrowser, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    passkey = SoftPasskey(count=4)
    _add(owner, passkey)
    assert _sign_in(here, passkey)[1].status == REDIRECTED
    assert passkey.count == 5
    copy = SoftPasskey(id=passkey.id, key=passkey.key, count=count, is_counting=False)
    _, said = _sign_in(here, copy)
    assert (said.status, "a copy of it may exist" in _page(said)) == (FORBIDDEN, True)
    assert "is blocked now" in caplog.text
    # Neither the copy nor the original signs in any more.
    assert _sign_in(here, passkey)[1].status == FORBIDDEN
    assert "blocked: a copy of it may exist" in _page(owner.open("account"))


def test_a_passkey_that_does_not_count_signs_in_again(here: World, owner: StrangersBrowser) -> None:
    passkey = SoftPasskey(is_counting=False)
    _add(owner, passkey)
    assert [_sign_in(here, passkey)[1].status for _ in range(2)] == [REDIRECTED, REDIRECTED]


def test_an_answer_works_once_in_its_own_browser_and_for_five_minutes(
    here: World, owner: StrangersBrowser
) -> None:
    passkey = SoftPasskey(is_counting=False)
    _add(owner, passkey)
    browser, options, sealed = _begin(here)
    fields = {"challenge": sealed, "answer": passkey.sign(options)}
    other = StrangersBrowser(here)
    other.open()
    assert other.post("sign-in/passkey/answer", fields).status == FORBIDDEN
    cookies = dict(browser.cookies)
    assert browser.post("sign-in/passkey/answer", fields).status == REDIRECTED
    said = StrangersBrowser(here, cookies=cookies).post("sign-in/passkey/answer", fields)
    assert (said.status, "was used before" in _page(said)) == (FORBIDDEN, True)
    browser, options, sealed = _begin(here)
    here.clock.turn(minutes=5)
    said = browser.post("sign-in/passkey/answer", {"challenge": sealed, "answer": passkey.sign(options)})
    assert (said.status, "took too long" in _page(said)) == (FORBIDDEN, True)


def _changed(passkey: SoftPasskey, how: str) -> SoftPasskey:
    copy = SoftPasskey(id=passkey.id, key=passkey.key, count=passkey.count)
    match how:
        case "other key":
            copy.key = SoftPasskey().key
        case "other site":
            copy.origin = "https://dashboard.attacker.example"
        case "other host":
            copy.host = "attacker.example"
        case "other port":
            copy.origin = "http://localhost:5001"
        case "not verified":
            copy.flags = PRESENT
        case "not added":
            copy.id = SoftPasskey().id
    return copy


@pytest.mark.parametrize(
    "how", ["other key", "other site", "other host", "other port", "not verified", "not added"]
)
def test_an_answer_of_another_key_site_or_without_the_person_is_refused(
    here: World, owner: StrangersBrowser, how: str
) -> None:
    passkey = SoftPasskey()
    _add(owner, passkey)
    browser, said = _sign_in(here, _changed(passkey, how))
    assert (said.status, browser.session) == (FORBIDDEN, None)
    assert _sign_in(here, passkey)[1].status == REDIRECTED


@pytest.mark.parametrize("answer", ["", "x", "[]", "{}", '{"rawId": 3}', '{"rawId": "AA"}', "9" * 20_000])
def test_an_answer_that_is_made_up_is_refused(here: World, owner: StrangersBrowser, answer: str) -> None:
    browser, _, sealed = _begin(here)
    said = browser.post("sign-in/passkey/answer", {"challenge": sealed, "answer": answer})
    assert said.status == FORBIDDEN
    _, sealed = _form(owner.post("account/begin-passkey", {}))
    said = owner.post("account/add-passkey", {"label": "x", "challenge": sealed, "answer": answer})
    assert said.status == FORBIDDEN
    assert here.app.run(passkeys_of, "ada") == []


def test_a_passkey_without_verification_of_the_person_is_not_added(
    here: World, owner: StrangersBrowser
) -> None:
    assert _add(owner, SoftPasskey(flags=PRESENT)).status == FORBIDDEN
    assert here.app.run(passkeys_of, "ada") == []


def test_adding_needs_a_recent_proof_and_works_once(here: World, owner: StrangersBrowser) -> None:
    passkey = SoftPasskey()
    options, sealed = _form(owner.post("account/begin-passkey", {}))
    fields = {"label": "x", "challenge": sealed, "answer": passkey.register(options)}
    assert owner.post("account/add-passkey", fields).status == REDIRECTED
    assert owner.post("account/add-passkey", fields).status in (FORBIDDEN, 409)
    here.clock.turn(minutes=11)
    assert owner.post("account/begin-passkey", {}).status == FORBIDDEN


def test_a_removed_passkey_signs_in_no_more_and_neither_do_those_of_a_removed_user(
    here: World, owner: StrangersBrowser
) -> None:
    one, two = SoftPasskey(), SoftPasskey()
    _add(owner, one, "One")
    _add(owner, two, "Two")
    first = next(each for each in here.app.run(passkeys_of, "ada") if each.label == "One")
    assert owner.post("account/remove-passkey", {"passkey": first.digest}).status == REDIRECTED
    assert _sign_in(here, one)[1].status == FORBIDDEN
    assert _sign_in(here, two)[1].status == REDIRECTED
    here.app.run(remove_user, "ada", caller=OPERATOR_CALLER)
    assert here.app.run(find_passkey, two.id) is None


def test_without_the_setting_there_are_no_passkeys(world: NewWorld) -> None:
    here = world()
    add_user_with_password(here)
    browser = StrangersBrowser(here)
    assert "passkey" not in _page(browser.open())
    assert browser.post("sign-in/passkey", {}).status == NOT_FOUND
    browser.sign_in()
    assert browser.post("account/begin-passkey", {}).status == NOT_FOUND
