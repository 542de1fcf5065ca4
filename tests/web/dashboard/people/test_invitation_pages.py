"""Invitations on the dashboard: made on the page People, and accepted by a browser that isn't signed in."""

from __future__ import annotations

import logging
import re

import pytest

from chalicelib.access.rights import LAB_ADMIN, VIEWER, Right
from chalicelib.dashboard import sessions
from chalicelib.errors import VendorRefused
from chalicelib.operations.accounts.actors import find_actor
from chalicelib.operations.accounts.groups.groups import grant_to_group, make_group
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.management.people import link_mails
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports import ParticipantMail
from tests.web.conftest import NewWorld
from tests.web.dashboard.browsers import DashboardBrowser
from tests.web.dashboard.sign_in.signing_in import PASSWORD, StrangersBrowser
from tests.web.world import OPERATOR_TOKEN, Said, World

EMAIL = "mary@example.org"
HOSTILE = '<b hx-post="/dashboard/sign-out" hx-trigger="load">{{ 7 * 7 }}</b>'


@pytest.fixture
def here(world: NewWorld) -> World:
    return world()


@pytest.fixture
def browser(here: World) -> DashboardBrowser:
    return DashboardBrowser(here)


def text(said: Said) -> str:
    return said.raw.decode()


def link_of(said: Said) -> str:
    """Return the path of the invitation's link, below /dashboard/."""
    found = re.search(r"http://localhost:5000/dashboard/(invitation/[\w-]{59})</code>", text(said))
    assert found is not None, text(said)
    return found[1]


def invited(browser: DashboardBrowser, *fields: tuple[str, str]) -> str:
    return link_of(browser.press("people/invite", [("email", EMAIL), *(fields or [("what", VIEWER)])]))


def form(**more: str) -> dict[str, str]:
    chosen = {"username": "mary", "first-name": "Mary", "last-name": "Jones", "new-password": PASSWORD}
    return {**chosen, "again": PASSWORD, **more}


def accept(stranger: StrangersBrowser, link: str, **more: str) -> Said:
    return stranger.post(link, form(**more), csrf=stranger.token_of(link))


def test_a_person_accepts_an_invitation_once_and_is_signed_in(here: World, browser: DashboardBrowser) -> None:
    here.app.run(make_group, "eyelab", "Eye Lab", caller=OPERATOR_CALLER)
    here.app.run(grant_to_group, "eyelab", Right.PAY, caller=OPERATOR_CALLER)
    link = invited(browser, ("what", VIEWER), ("groups", "eyelab"))
    assert link not in browser.open("people")
    stranger = StrangersBrowser(here)
    page = text(stranger.open(link))
    for shown in ("You are invited", "Operator", VIEWER, "Eye Lab", 'value="mary"'):
        assert shown in page
    said = accept(stranger, link)
    assert (said.status, said.headers["location"]) == (303, "/dashboard")
    assert "Signed in as" in text(stranger.open("overview"))
    actor = here.app.run(find_actor, "user:mary")
    assert actor is not None
    assert (actor.name, actor.rights) == ("Mary Jones", {Right.VIEW, Right.PAY})
    assert "accepted by mary" in browser.open("people")
    again = StrangersBrowser(here).open(link)
    assert (again.status, "has been used" in text(again)) == (409, True)
    other = StrangersBrowser(here)
    assert other.sign_in("mary").status == 303


@pytest.mark.parametrize(
    ("fields", "status", "why"),
    [
        ({"again": "another one entirely"}, 400, "passwords differ"),
        ({"new-password": "short", "again": "short"}, 400, "password"),
        ({"username": "lea"}, 409, "There is a user"),
        ({"username": HOSTILE}, 400, "not a valid username"),
        ({"first-name": HOSTILE * 4}, 400, "one line"),
    ],
)
def test_a_refused_form_is_explained_and_can_be_sent_again(
    here: World, browser: DashboardBrowser, fields: dict[str, str], status: int, why: str
) -> None:
    here.app.run(add_user, "lea", "Lea", role=LAB_ADMIN, caller=OPERATOR_CALLER)
    link = invited(browser)
    stranger = StrangersBrowser(here)
    said = accept(stranger, link, **fields)
    assert (said.status, why in text(said)) == (status, True), text(said)
    assert "<b hx-post" not in text(said)
    assert PASSWORD not in text(said)
    assert accept(stranger, link).status == 303


def test_a_form_without_its_token_or_from_another_site_accepts_nothing(
    here: World, browser: DashboardBrowser
) -> None:
    link = invited(browser)
    stranger = StrangersBrowser(here)
    stranger.open(link)
    with here.unchanged():
        assert stranger.post(link, form(), csrf="0" * 40).status == 403
        stranger.headers["origin"] = "http://127.0.0.1:5000"
        assert stranger.post(link, form(), csrf="0" * 40).status == 403


def test_an_invitation_that_was_withdrawn_says_so(here: World, browser: DashboardBrowser) -> None:
    link = invited(browser)
    id_ = link.partition("/")[2][:16]
    assert browser.press(f"people/{id_}/withdraw").headers["location"] == "/dashboard/people?said=withdraw"
    said = StrangersBrowser(here).open(link)
    assert (said.status, "was withdrawn" in text(said)) == (409, True)
    refused = browser.press(f"people/{id_}/withdraw")
    assert (refused.status, "is withdrawn" in text(refused)) == (409, True)


def test_guesses_of_links_pause_for_longer_and_longer_at_their_address_only(
    here: World, browser: DashboardBrowser
) -> None:
    link = invited(browser)
    stranger = StrangersBrowser(here)
    guesses = [stranger.open(f"invitation/{number:016d}{'x' * 43}") for number in range(7)]
    assert [guess.status for guess in guesses] == [404] * 5 + [429] * 2
    assert int(guesses[-1].headers["retry-after"]) >= 1
    assert stranger.open(link).status == 429
    here.address = "198.51.100.7"
    assert stranger.open(link).status == 200


def test_a_lab_admin_invites_within_their_own_rights(here: World, browser: DashboardBrowser) -> None:
    here.app.run(add_user, "lea", "Lea", role=LAB_ADMIN, caller=OPERATOR_CALLER)
    ticket = here.app.run(sessions.create_ticket_for_user, "lea", caller=OPERATOR_CALLER)
    lea = DashboardBrowser(here, ticket)
    for fields, status in (
        ([("what", "Super admin")], 403),
        ([("what", "King")], 404),
        ([("what", "")], 409),
        ([("what", VIEWER), ("groups", "unknown")], 404),
    ):
        with here.unchanged():
            assert lea.press("people/invite", [("email", EMAIL), *fields]).status == status
    with here.unchanged():
        assert lea.press("people/invite", [("email", "a@b\nBcc: c@d"), ("what", VIEWER)]).status == 422


def test_the_link_is_returned_once_over_the_api(here: World) -> None:
    order = ("/api/v1/invitations", {"email": EMAIL, "what": [VIEWER]})
    made = here.post_json(*order, token=OPERATOR_TOKEN, request_id="r1")
    assert made.status == 200
    secret = made["link"].rpartition("/")[2]
    assert secret not in str(here.items("api_answer"))
    (row,) = here.get("/api/v1/invitations", token=OPERATOR_TOKEN)["rows"]
    assert (row["email"], row["status"]) == (EMAIL, "open")
    assert secret[16:] not in str(row)


class Letters:
    """A mailer that keeps what it is to send, or refuses it."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.sent: list[ParticipantMail] = []
        self._refuses = refuses

    def tell(self, subject: str, text: str) -> None:
        raise AssertionError((subject, text))

    def write_to(self, mail: ParticipantMail) -> None:
        if self._refuses:
            raise VendorRefused("The mail server refuses the mail (550); check smtp_host.")
        self.sent.append(mail)


@pytest.mark.parametrize("refuses", [False, True])
def test_the_link_is_mailed_where_the_run_sends_mail_and_otherwise_shown_with_the_reason(
    here: World,
    browser: DashboardBrowser,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    refuses: bool,
) -> None:
    letters = Letters(refuses=refuses)
    monkeypatch.setattr(here.app, "mailer", letters)
    monkeypatch.setattr(link_mails, "sends_mail", lambda _: True)
    with caplog.at_level(logging.DEBUG):
        said = browser.press("people/invite", [("email", EMAIL), ("what", VIEWER)])
    link = link_of(said)
    assert link not in caplog.text
    assert EMAIL not in caplog.text
    if refuses:
        assert "check smtp_host" in text(said)
    else:
        (letter,) = letters.sent
        assert (letter.address, link in letter.text) == (EMAIL, True)
        assert f"was sent to {EMAIL}" in text(said)


@pytest.mark.parametrize(
    ("settings", "sends"),
    [
        ({"mode": "live", "mailer": "smtp"}, True),
        ({"mode": "live", "mailer": "log"}, False),
        ({"mode": "debug", "mailer": "smtp"}, False),
        ({"mode": "live", "mailer": "smtp", "contact_email_on_error": ""}, False),
    ],
)
def test_a_run_sends_mail_with_an_account_and_not_in_debug_mode(
    here: World, settings: dict[str, str], sends: object
) -> None:
    account = {"contact_email_on_error": "a@example.org", "dallinger_email_address": "b@example.org"}

    def asked(ctx: object) -> bool:
        known = {**account, **settings}
        ctx.config = known  # type: ignore[attr-defined]
        ctx.settings = type("Settings", (), known)()  # type: ignore[attr-defined]
        return link_mails.sends_mail(ctx)  # type: ignore[arg-type]

    assert here.app.run(asked) is sends
