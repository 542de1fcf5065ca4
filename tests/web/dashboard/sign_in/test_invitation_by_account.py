"""Accepting an invitation with an account at an OpenID Connect provider that has the invited address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.access.rights import RESEARCHER, VIEWER
from chalicelib.dashboard.sign_in.other_ways import openid_sign_in
from chalicelib.operations.accounts.actors import find_user, grants_of
from chalicelib.operations.accounts.identities.openid_accounts import linked_accounts
from chalicelib.operations.accounts.invitations.invitations import invite, withdraw_invitation
from chalicelib.operations.accounts.passwords import has_password
from chalicelib.operations.accounts.users import add_user, list_users, remove_user
from chalicelib.operations.audit.reading import list_entries
from chalicelib.operations.shared.context import OPERATOR_CALLER
from tests.tools.signing_in.standin import CLIENT, SECRET, StandInProvider
from tests.web.conftest import NewWorld
from tests.web.dashboard.sign_in.signing_in import PASSWORD, StrangersBrowser
from tests.web.world import Said, World

AT = "sign-in/openid/university"


@pytest.fixture
def standin() -> Iterator[StandInProvider]:
    openid_sign_in._client.cache_clear()
    with StandInProvider.running() as running:
        yield running


@pytest.fixture
def here(world: NewWorld, standin: StandInProvider) -> World:
    """A run whose rules give no role to anyone."""
    fields = {"issuer": standin.issuer, "client_id": CLIENT, "label": "Example University", "rules": []}
    made = world(
        oidc_providers=json.dumps({"university": fields}),
        oidc_client_secrets=json.dumps({"university": SECRET}),
    )

    def at_this_time(claims: dict[str, Any]) -> dict[str, Any]:
        now = int(made.clock.now().timestamp())
        return claims | {"iat": now, "exp": now + 300}

    standin.change_claims = at_this_time
    return made


def text(said: Said) -> str:
    return said.raw.decode().replace("&#39;", "'")


def invited(here: World, email: str = "Ada@Example.edu") -> tuple[str, str]:
    """Invite a person as a researcher; return the invitation's id, and the path of its link."""
    invitation, secret = here.app.run(invite, email, what=[RESEARCHER], caller=OPERATOR_CALLER)
    return invitation.id, f"invitation/{secret}"


def choose_provider(browser: StrangersBrowser, link: str, username: str = "ada", **more: str) -> Said:
    form = {"username": username, "provider": "university", **more}
    return browser.post(link, form, csrf=browser.token_of(link))


def ticket_in(page: str, name: str = "accept") -> str:
    """Return what the address of a page's link to the provider contains."""
    return str(re.search(rf'href="/dashboard/{AT}\?{name}=([^"]+)"', page)[1])


def accept(browser: StrangersBrowser, standin: StandInProvider, link: str, username: str = "ada") -> Said:
    """Accept an invitation with the account of the person who is signed in at the provider."""
    page = text(choose_provider(browser, link, username))
    ticket = ticket_in(page)
    begun = browser.open(AT, {"accept": ticket})
    assert begun.status == 303, text(begun)
    return browser.open(AT, standin.code_for(begun.headers["location"]))


def usernames(here: World) -> list[str]:
    return [each.user.username for each in here.app.run(list_users, caller=OPERATOR_CALLER)]


def test_an_invited_person_accepts_with_their_account_and_signs_in_with_it_from_then_on(
    here: World, standin: StandInProvider
) -> None:
    _, link = invited(here)
    browser = StrangersBrowser(here)
    assert "Accept with Example University" in text(browser.open(link))
    said = accept(browser, standin, link, "lovelace")
    assert (said.status, said.headers["location"]) == (303, "/dashboard")
    assert browser.open("overview").status == 200
    user = here.app.run(find_user, "lovelace")
    assert (user.name, user.email) == ("Ada Lovelace", "Ada@Example.edu")
    assert [grant.what for grant in here.app.run(grants_of, "lovelace")] == [RESEARCHER]
    assert [each["shown"] for each in here.app.run(linked_accounts, "lovelace")] == ["ada@example.edu"]
    entries = here.app.run(list_entries, "user:lovelace", caller=OPERATOR_CALLER)
    assert "invitations.accept" in {one.entry.operation for one in entries}

    again = StrangersBrowser(here)
    begun = again.open(AT)
    assert again.open(AT, standin.code_for(begun.headers["location"])).status == 303
    assert again.open("overview").status == 200
    assert usernames(here) == ["lovelace"]


def test_a_user_who_accepted_with_an_account_can_set_a_password(
    here: World, standin: StandInProvider
) -> None:
    _, link = invited(here)
    browser = StrangersBrowser(here)
    accept(browser, standin, link)
    assert not here.app.run(has_password, "ada")
    said = browser.post("account/password", {"new-password": PASSWORD, "again": PASSWORD})
    assert said.status == 303
    assert StrangersBrowser(here).sign_in().status == 303


def test_a_user_who_accepted_with_a_password_can_link_their_account(
    here: World, standin: StandInProvider
) -> None:
    _, link = invited(here)
    browser = StrangersBrowser(here)
    form = {"username": "ada", "new-password": PASSWORD, "again": PASSWORD}
    assert browser.post(link, form, csrf=browser.token_of(link)).status == 303
    page = text(browser.post("account/link-account", {"provider": "university"}))
    begun = browser.open(AT, {"link": ticket_in(page, "link")})
    assert browser.open(AT, standin.code_for(begun.headers["location"])).status == 303
    assert [each["shown"] for each in here.app.run(linked_accounts, "ada")] == ["ada@example.edu"]


@pytest.mark.parametrize(
    "person",
    [
        {"email": "mallory@example.edu"},
        {"email_verified": False},
        {"email_verified": "yes"},
        {"email": ""},
        # A Kelvin sign, which becomes an ASCII letter in small letters.
        {"email": "ada@example.edu".replace("d", "\u212a", 1)},
    ],
)
def test_an_account_without_the_verified_invited_address_is_refused_and_the_invitation_stays_open(
    here: World, standin: StandInProvider, person: dict[str, Any]
) -> None:
    _, link = invited(here, "aka@example.edu" if "\u212a" in str(person.get("email")) else "ada@example.edu")
    honest = dict(standin.person)
    standin.person |= person
    browser = StrangersBrowser(here)
    said = accept(browser, standin, link)
    assert said.status == 403
    assert "doesn't have the email address to which the invitation was sent" in text(said)
    assert (usernames(here), browser.session) == ([], None)
    if "\u212a" not in str(person.get("email")):
        standin.person = honest
        assert accept(StrangersBrowser(here), standin, link).status == 303


def test_an_account_that_signs_in_already_accepts_no_invitation(
    here: World, standin: StandInProvider
) -> None:
    _, first = invited(here)
    accept(StrangersBrowser(here), standin, first)
    _, second = invited(here)
    said = accept(StrangersBrowser(here), standin, second, "ada-again")
    assert (said.status, "you are the user 'ada' already" in text(said)) == (409, True)
    assert usernames(here) == ["ada"]


def test_an_invitation_lets_the_account_of_a_removed_user_in_again(
    here: World, standin: StandInProvider
) -> None:
    _, first = invited(here)
    accept(StrangersBrowser(here), standin, first)
    here.app.run(remove_user, "ada", caller=OPERATOR_CALLER)
    _, second = invited(here)
    assert accept(StrangersBrowser(here), standin, second).status == 303


def test_a_username_that_is_not_free_is_refused_before_and_after_the_provider(
    here: World, standin: StandInProvider
) -> None:
    _, link = invited(here)
    here.app.run(add_user, "grace", "Grace", role=VIEWER, caller=OPERATOR_CALLER)
    browser = StrangersBrowser(here)
    for username in ("grace", "operator", "Not Valid", ""):
        said = choose_provider(browser, link, username)
        assert (said.status, "Choose another one" in text(said)) == (409, True)
    page = text(choose_provider(browser, link))
    ticket = ticket_in(page)
    here.app.run(add_user, "ada", "Another Ada", role=VIEWER, caller=OPERATOR_CALLER)
    said = browser.open(AT, standin.code_for(browser.open(AT, {"accept": ticket}).headers["location"]))
    assert said.status == 409
    assert f'href="/dashboard/{link}"' in text(said)
    assert usernames(here) == ["ada", "grace"]


def test_an_invitation_that_ends_while_the_person_is_at_the_provider_makes_no_user(
    here: World, standin: StandInProvider
) -> None:
    id_, link = invited(here)
    browser = StrangersBrowser(here)
    page = text(choose_provider(browser, link))
    ticket = ticket_in(page)
    begun = browser.open(AT, {"accept": ticket})
    here.app.run(withdraw_invitation, id_, caller=OPERATOR_CALLER)
    said = browser.open(AT, standin.code_for(begun.headers["location"]))
    assert (said.status, "was withdrawn" in text(said)) == (409, True)
    assert usernames(here) == []


def test_the_address_to_the_provider_is_for_the_browser_that_sent_the_form(
    here: World, standin: StandInProvider
) -> None:
    _, link = invited(here)
    page = text(choose_provider(StrangersBrowser(here), link))
    ticket = ticket_in(page)
    other = StrangersBrowser(here)
    other.open(link)
    assert other.open(AT, {"accept": ticket}).status == 403
    assert other.open(AT, {"accept": "forged"}).status == 403
    assert "/authorize" not in "".join(standin.calls)


def test_only_providers_of_the_run_are_offered(here: World) -> None:
    _, link = invited(here)
    browser = StrangersBrowser(here)
    said = choose_provider(browser, link, provider="evil")
    assert (said.status, "no such provider" in text(said)) == (404, True)
