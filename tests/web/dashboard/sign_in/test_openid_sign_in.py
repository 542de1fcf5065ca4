"""Signing in with an account at an OpenID Connect provider: users, roles, links, replays, and the log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import requests

from chalicelib.dashboard.sign_in.other_ways import openid_sign_in, packages
from chalicelib.errors import Forbidden, InvalidState
from chalicelib.operations.accounts.actors import find_actor, grants_of
from chalicelib.operations.accounts.identities.openid_accounts import (
    OpenIdAccount,
    link_account,
    linked_accounts,
    unlink_account,
)
from chalicelib.operations.accounts.users import add_user, grant_to_user, list_users, remove_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER, Caller, caller_of
from tests.tools.signing_in.standin import CLIENT, SECRET, StandInProvider
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import OWN
from tests.web.dashboard.sign_in.signing_in import StrangersBrowser, add_user_with_password
from tests.web.world import OPERATOR_TOKEN, Said, World

AT = "sign-in/openid/university"
RULES = [
    {"role": "Viewer", "email_domain": "example.edu"},
    {"role": "Lab admin", "claim": "groups", "value": "lab-admins"},
]


@pytest.fixture
def standin() -> Iterator[StandInProvider]:
    openid_sign_in._client.cache_clear()
    with StandInProvider.running() as running:
        # The clock of the tests' runs begins long ago.
        yield running


@pytest.fixture
def here(world: NewWorld, standin: StandInProvider) -> World:
    return _run(world, standin, RULES)


def _run(world: NewWorld, standin: StandInProvider, rules: list[dict[str, Any]], **settings: Any) -> World:
    fields = {"issuer": standin.issuer, "client_id": CLIENT, "label": "Example University", "rules": rules}
    secrets = json.dumps({"university": SECRET})
    made = world(
        oidc_providers=json.dumps({"university": fields | {"contact": "it@example.edu"}}),
        oidc_client_secrets=secrets,
        **settings,
    )

    def at_this_time(claims: dict[str, Any]) -> dict[str, Any]:
        now = int(made.app.run(lambda ctx: ctx.now).timestamp())
        return claims | {"iat": now, "exp": now + 300}

    standin.change_claims = at_this_time
    return made


def _answer(browser: StrangersBrowser, standin: StandInProvider) -> dict[str, str]:
    """Begin a sign-in, sign in at the provider, and return the fields with which it leads back."""
    said = browser.open(AT)
    assert said.status == 303, said
    return standin.code_for(said.headers["location"])


def _text(said: Said) -> str:
    """Return the HTML of a page, with the apostrophes of its sentences."""
    return said.raw.decode().replace("&#39;", "'")


def _sign_in(here: World, standin: StandInProvider) -> tuple[StrangersBrowser, Said]:
    browser = StrangersBrowser(here)
    return browser, browser.open(AT, _answer(browser, standin))


def _grants(here: World, username: str) -> set[tuple[str, str]]:
    return {(grant.what, grant.by) for grant in here.app.run(grants_of, username)}


def _caller(here: World, username: str) -> Caller:
    actor = here.app.run(find_actor, f"user:{username}")
    assert actor is not None
    return caller_of(actor)


def test_the_sign_in_page_has_a_button_for_each_provider(here: World) -> None:
    page = _text(StrangersBrowser(here).open())
    assert f'href="/dashboard/{AT}">Sign in with Example University</a>' in page


def test_a_rule_makes_a_user_at_the_first_sign_in(here: World, standin: StandInProvider) -> None:
    browser, said = _sign_in(here, standin)
    assert (said.status, said.headers["location"]) == (303, "/dashboard")
    assert browser.open("overview").status == 200
    (account,) = here.app.run(list_users, caller=OPERATOR_CALLER)
    assert (account.user.username, account.user.name, account.user.email) == (
        "ada",
        "Ada Lovelace",
        "ada@example.edu",
    )
    assert _grants(here, "ada") == {("Viewer", "rules:university")}
    _sign_in(here, standin)
    assert len(here.app.run(list_users, caller=OPERATOR_CALLER)) == 1
    operations = [
        one.entry.operation for one in here.app.run(list_entries, "user:ada", caller=OPERATOR_CALLER)
    ]
    assert sorted(operations) == ["sessions.begin", "sessions.begin", "users.add"]


def test_roles_follow_the_rules_at_each_sign_in_and_other_roles_stay(
    here: World, standin: StandInProvider
) -> None:
    standin.person["groups"] = ["lab-admins"]
    _sign_in(here, standin)
    here.app.run(grant_to_user, "ada", "Assistant", caller=OPERATOR_CALLER)
    assert {what for what, _ in _grants(here, "ada")} == {"Viewer", "Lab admin", "Assistant"}
    standin.person["groups"] = []
    browser, said = _sign_in(here, standin)
    assert said.status == 303
    assert _grants(here, "ada") == {("Viewer", "rules:university"), ("Assistant", "operator")}
    assert browser.open("overview").status == 200


def test_without_a_rule_the_page_says_whom_to_ask_for_access(
    world: NewWorld, standin: StandInProvider
) -> None:
    here = _run(world, standin, [])
    standin.person |= {"name": "<script>alert(1)</script>", "email_verified": False}
    _, said = _sign_in(here, standin)
    page = _text(said)
    assert said.status == 403
    assert "Ask it@example.edu for access" in page
    assert "<code>ada-1815</code>" in page
    assert "<script>alert" not in page
    assert here.app.run(list_users, caller=OPERATOR_CALLER) == []


def test_an_address_that_is_not_verified_gives_nothing(here: World, standin: StandInProvider) -> None:
    here.app.run(add_user, "ada", "Ada", email="ada@example.edu", role="Super admin", caller=OPERATOR_CALLER)
    standin.person["email_verified"] = False
    assert _sign_in(here, standin)[1].status == 403
    standin.person["email_verified"] = True
    _sign_in(here, standin)
    # The same address doesn't make the account that of the user who was there before.
    assert _grants(here, "ada") == {("Super admin", "operator")}
    assert _grants(here, "ada-2") == {("Viewer", "rules:university")}


def test_another_person_with_the_same_address_is_another_user(here: World, standin: StandInProvider) -> None:
    _sign_in(here, standin)
    standin.person["sub"] = "ada-the-younger"
    _sign_in(here, standin)
    users = here.app.run(list_users, caller=OPERATOR_CALLER)
    assert sorted(account.user.username for account in users) == ["ada", "ada-2"]


def test_a_removed_user_is_not_made_again_by_a_rule(here: World, standin: StandInProvider) -> None:
    browser, _ = _sign_in(here, standin)
    here.app.run(remove_user, "ada", caller=OPERATOR_CALLER)
    assert browser.open("overview").status == 401
    here.app.run(add_user, "ada", "Another Ada", role="Super admin", caller=OPERATOR_CALLER)
    _, said = _sign_in(here, standin)
    assert said.status == 403
    assert "Your access to this run was removed" in _text(said)


@pytest.mark.parametrize("name", ["Operator", "\u0410da Lovelace", "two\nlines", "", "a" * 300])
def test_a_misleading_name_is_replaced_by_the_username(
    here: World, standin: StandInProvider, name: str
) -> None:
    standin.person |= {"name": name, "preferred_username": "operator"}
    _, said = _sign_in(here, standin)
    assert said.status == 303
    (account,) = here.app.run(list_users, caller=OPERATOR_CALLER)
    assert (account.user.username, account.user.name) == ("operator-2", "operator-2")


def test_an_answer_works_once_and_in_its_own_browser(here: World, standin: StandInProvider) -> None:
    browser = StrangersBrowser(here)
    answer = _answer(browser, standin)
    cookies = dict(browser.cookies)
    others = StrangersBrowser(here).open(AT, answer)
    assert others.status == 403
    assert "begun in another browser" in _text(others)
    assert browser.open(AT, answer).status == 303
    replayed = StrangersBrowser(here, cookies=cookies).open(AT, answer)
    assert replayed.status == 403
    assert "was used before" in _text(replayed)


def test_a_state_works_once_even_where_the_provider_takes_its_code_twice(
    here: World, standin: StandInProvider
) -> None:
    browser = StrangersBrowser(here)
    answer = _answer(browser, standin)
    cookies = dict(browser.cookies)
    assert browser.open(AT, answer).status == 303
    openid_sign_in._PROVED.clear()
    for grant in standin._codes.values():
        grant.is_used = False
    replayed = StrangersBrowser(here, cookies=cookies).open(AT, answer)
    assert (replayed.status, "was used before" in _text(replayed)) == (403, True)


def test_a_request_that_is_handled_again_exchanges_its_code_once(
    here: World, standin: StandInProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = StrangersBrowser(here)
    answer = _answer(browser, standin)
    cookies = dict(browser.cookies)

    def refuse(*_: Any) -> None:
        raise Forbidden("This store is only read.")

    with monkeypatch.context() as patch:
        patch.setattr(openid_sign_in, "user_of_account", refuse)
        assert browser.open(AT, answer).status == 403
    assert StrangersBrowser(here, cookies=cookies).open(AT, answer).status == 303
    assert standin.calls.count("POST /token") == 1


def test_an_answer_after_ten_minutes_is_refused(here: World, standin: StandInProvider) -> None:
    browser = StrangersBrowser(here)
    answer = _answer(browser, standin)
    here.clock.turn(seconds=600)
    said = browser.open(AT, answer)
    assert (said.status, "more than ten minutes ago" in _text(said)) == (403, True)


def test_a_cookie_that_was_changed_counts_for_nothing(here: World, standin: StandInProvider) -> None:
    browser = StrangersBrowser(here)
    answer = _answer(browser, standin)
    (name,) = (name for name in browser.cookies if name.endswith("-openid"))
    content, _, signature = browser.cookies[name].rpartition(".")
    for changed in (f"{content}A.{signature}", "not-signed", ""):
        browser.cookies[name] = changed
        assert browser.open(AT, answer).status == 403


def test_the_cookie_is_bound_to_the_host_and_ends_with_the_sign_in(here: World) -> None:
    said = here.get(f"/dashboard/{AT}", headers=OWN, scheme="https")
    cookie = said.headers["set-cookie"]
    assert cookie.startswith("__Host-petri-")
    for attribute in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"):
        assert attribute in cookie.split("; ")
    assert "redirect_uri=https%3A%2F%2Flocalhost%3A5000%2Fdashboard" in said.headers["location"]


def test_an_error_of_the_provider_is_a_page_and_a_line_in_the_log_with_the_same_reference(
    here: World, standin: StandInProvider, caplog: pytest.LogCaptureFixture
) -> None:
    standin.secret = "changed at the provider"
    with caplog.at_level(logging.INFO, "petri"):
        _, said = _sign_in(here, standin)
    (line,) = [record.getMessage() for record in caplog.records if "a sign-in with" in record.getMessage()]
    reference = line.rpartition(" ")[2]
    assert "university failed (token endpoint)" in line
    assert f"reference {reference}," in _text(said)
    for secret in (SECRET, *standin._codes):
        assert secret not in caplog.text
        assert secret not in _text(said)


def test_a_provider_that_has_an_error_is_named(here: World, standin: StandInProvider) -> None:
    standin.faults["/.well-known/openid-configuration"] = 500, {}, b""
    said = StrangersBrowser(here).open(AT)
    assert (said.status, "has an error" in _text(said)) == (502, True)


def test_a_machine_without_the_packages_says_what_to_install(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    said = StrangersBrowser(here).open(AT)
    assert (said.status, "pip install 'petri[sign-in]'" in _text(said)) == (409, True)


@pytest.mark.parametrize("path", ["sign-in/openid/nowhere", "sign-in/openid/"])
def test_an_unknown_provider_is_not_found(here: World, path: str) -> None:
    assert StrangersBrowser(here).open(path).status in (403, 404)


def _account(**changes: Any) -> OpenIdAccount:
    fields: dict[str, Any] = {
        "provider": "university",
        "issuer": "https://login.example.edu",
        "subject": "ada-1815",
        "name": "Ada",
        "email": "",
        "wanted_username": "ada",
        "roles": frozenset(),
    }
    return OpenIdAccount(**(fields | changes))


def test_an_account_that_is_linked_signs_its_user_in_until_it_is_unlinked(
    world: NewWorld, standin: StandInProvider
) -> None:
    here = _run(world, standin, [])
    add_user_with_password(here, "lea", "Assistant")
    account = _account(issuer=standin.issuer)
    _link(here, "lea", account, "one")
    browser, said = _sign_in(here, standin)
    assert said.status == 303
    assert browser.open("overview").status == 200
    assert _grants(here, "lea") == {("Assistant", "operator")}
    (linked,) = here.app.run(linked_accounts, "lea")
    here.app.run(unlink_account, "lea", linked["id"], caller=_caller(here, "lea"))
    assert _sign_in(here, standin)[1].status == 403


def _link(here: World, username: str, account: OpenIdAccount, attempt: str) -> None:
    ends = here.app.run(lambda ctx: ctx.now) + openid_sign_in.LIFETIME
    here.app.run(link_account, username, account, attempt, ends, caller=_caller(here, username))


def test_an_account_is_that_of_one_user(here: World) -> None:
    for username in ("lea", "max"):
        here.app.run(add_user, username, username.title(), role="Viewer", caller=OPERATOR_CALLER)
    _link(here, "lea", _account(), "one")
    with pytest.raises(InvalidState, match="Another user of this run"):
        _link(here, "max", _account(), "two")
    _link(here, "max", _account(issuer="https://login.other.example"), "three")


def test_a_stranger_cannot_link_with_a_sign_in_that_was_begun_for_another(
    here: World, standin: StandInProvider
) -> None:
    add_user_with_password(here, "lea")
    browser = StrangersBrowser(here)
    answer = _answer(browser, standin)
    (name,) = (name for name in browser.cookies if name.endswith("-openid"))
    begun = here.app.tokens.unseal(openid_sign_in._PURPOSE, browser.cookies[name])
    browser.cookies[name] = here.app.tokens.seal(openid_sign_in._PURPOSE, begun | {"link_to": "lea"})
    said = browser.open(AT, answer)
    assert (said.status, "You have signed out since" in _text(said)) == (404, True)
    browser.sign_in("lea")
    assert browser.open(AT, _again(browser, standin, name, here)).status == 303
    assert [one["shown"] for one in here.app.run(linked_accounts, "lea")] == ["ada@example.edu"]


def _again(browser: StrangersBrowser, standin: StandInProvider, name: str, here: World) -> dict[str, str]:
    answer = _answer(browser, standin)
    begun = here.app.tokens.unseal(openid_sign_in._PURPOSE, browser.cookies[name])
    browser.cookies[name] = here.app.tokens.seal(openid_sign_in._PURPOSE, begun | {"link_to": "lea"})
    return answer


def test_a_user_links_an_account_on_the_page_my_account(here: World, standin: StandInProvider) -> None:
    add_user_with_password(here, "lea")
    browser = StrangersBrowser(here)
    browser.sign_in("lea")
    page = _text(browser.post("account/link-account", {"provider": "university"}))
    found = re.search(r'href="/dashboard/sign-in/openid/university\?link=([^"]+)"', page)
    assert found is not None
    # Another browser, which isn't signed in, can't begin with what the form gave.
    assert StrangersBrowser(here).open(AT, {"link": found[1]}).status == 403
    begun = browser.open(AT, {"link": found[1]})
    said = browser.open(AT, standin.code_for(begun.headers["location"]))
    assert said.headers["location"] == "/dashboard/account"
    page = _text(browser.open("account"))
    assert "ada@example.edu at Example University" in page
    _, said = _sign_in(here, standin)
    assert (said.status, {what for what, _ in _grants(here, "lea")}) == (303, {"Viewer"})
    (linked,) = here.app.run(linked_accounts, "lea")
    assert browser.post("account/unlink-account", {"account": linked["id"]}).status == 303
    assert here.app.run(linked_accounts, "lea") == []


def test_the_last_way_to_sign_in_is_not_removed(here: World, standin: StandInProvider) -> None:
    browser, _ = _sign_in(here, standin)
    (linked,) = here.app.run(linked_accounts, "ada")
    said = browser.post("account/unlink-account", {"account": linked["id"]})
    assert (said.status, "the only way in which you can sign in" in _text(said)) == (409, True)


def _wrong_answer(here: World, standin: StandInProvider) -> Said:
    browser = StrangersBrowser(here)
    return browser.open(AT, {**_answer(browser, standin), "code": "a guess"})


def test_pauses_after_failed_answers_grow_for_an_address_and_not_for_others(
    here: World, standin: StandInProvider
) -> None:
    for _ in range(11):
        assert _wrong_answer(here, standin).status == 403
    asked = len(standin.calls)
    paused = _wrong_answer(here, standin)
    assert (paused.status, "Too many attempts have failed" in _text(paused)) == (429, True)
    assert len(standin.calls) == asked
    first = int(paused.headers["retry-after"])
    here.clock.turn(seconds=first + 1)
    assert _wrong_answer(here, standin).status == 403
    assert int(_wrong_answer(here, standin).headers["retry-after"]) > first
    # A person at another address signs in meanwhile.
    here.address = "192.0.2.99"
    assert _sign_in(here, standin)[1].status == 303


def test_a_sign_in_forgets_the_failed_answers_before_it(here: World, standin: StandInProvider) -> None:
    for _ in range(2):
        for _ in range(10):
            assert _wrong_answer(here, standin).status == 403
        assert _sign_in(here, standin)[1].status == 303


def test_a_person_who_cancels_often_is_not_made_to_wait(here: World, standin: StandInProvider) -> None:
    standin.error = "access_denied"
    for _ in range(15):
        assert _sign_in(here, standin)[1].status == 403
    standin.error = ""
    assert _sign_in(here, standin)[1].status == 303


def test_answers_to_nothing_that_was_begun_make_no_one_wait(here: World, standin: StandInProvider) -> None:
    for _ in range(15):
        assert StrangersBrowser(here).open(AT, {"state": "x", "code": "y"}).status == 403
    assert _sign_in(here, standin)[1].status == 303


def test_a_user_who_signs_out_can_sign_out_at_the_provider_too(here: World, standin: StandInProvider) -> None:
    standin.discovery = {"end_session_endpoint": f"{standin.issuer}/sign-out"}
    browser, _ = _sign_in(here, standin)
    said = browser.post("sign-out", {})
    page = _text(said)
    assert (said.status, browser.session) == (200, None)
    assert "You have signed out of the dashboard" in page
    address = unescape(re.search(r'href="(http[^"]+/sign-out[^"]+)"', page)[1])
    assert requests.get(address, timeout=10).status_code == 200
    assert standin.signed_out == ["ada-1815"]
    assert browser.open("overview").status == 401
    # Without a session nothing is left of the token.
    assert "id_token_hint" not in str(here.items())


def test_without_an_address_for_it_a_user_signs_out_of_the_dashboard_alone(
    here: World, standin: StandInProvider
) -> None:
    for endpoint in (None, "javascript:alert(1)", "http://elsewhere.example/out", 7):
        openid_sign_in._client.cache_clear()
        standin.discovery = {} if endpoint is None else {"end_session_endpoint": endpoint}
        browser, _ = _sign_in(here, standin)
        said = browser.post("sign-out", {})
        assert (said.status, said.headers["location"]) == (303, "/dashboard/sign-in")


def test_the_token_of_the_provider_is_in_no_list_of_sessions_and_in_no_log(
    here: World, standin: StandInProvider, caplog: pytest.LogCaptureFixture
) -> None:
    standin.discovery = {"end_session_endpoint": f"{standin.issuer}/sign-out"}
    with caplog.at_level(logging.DEBUG):
        browser, _ = _sign_in(here, standin)
        account = _text(browser.open("account"))
    assert "id_token_hint" in str(here.items("session"))
    assert "id_token_hint" not in account + caplog.text
    sessions = here.get("/api/v1/sessions", token=OPERATOR_TOKEN)["rows"]
    assert "id_token_hint" not in str(sessions)
