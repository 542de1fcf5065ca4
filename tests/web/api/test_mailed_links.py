"""Links that the API makes are mailed where the run sends mail; the answer says whether that worked."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from chalicelib.access.rights import VIEWER
from chalicelib.errors import VendorUnreachable
from chalicelib.operations.accounts.users import add_user
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.ports import ParticipantMail
from tests.web.conftest import NewWorld
from tests.web.world import OPERATOR_TOKEN, Said, World

EMAIL = "mary@example.org"
ACCOUNT = {
    "mode": "live",
    "mailer": "smtp",
    "contact_email_on_error": "me@lab.example.org",
    "dallinger_email_address": "petri@lab.example.org",
    "smtp_host": "localhost:1",
    "smtp_username": "lab",
    "smtp_password": "letmein",
}


class Letters:
    """A mailer that keeps what it is to send, or can't reach its server."""

    def __init__(self) -> None:
        self.sent: list[ParticipantMail] = []
        self.is_down = False

    def tell(self, subject: str, text: str) -> None:
        raise AssertionError((subject, text))

    def write_to(self, mail: ParticipantMail) -> None:
        if self.is_down:
            raise VendorUnreachable("The mail server can't be reached; check smtp_host.")
        self.sent.append(mail)


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def here(world: NewWorld, letters: Letters) -> World:
    found = world(**ACCOUNT)
    found.app.mailer = letters
    found.app.run(add_user, "mary", "Mary", email=EMAIL, role=VIEWER, caller=OPERATOR_CALLER)
    found.app.run(add_user, "ada", "Ada", role=VIEWER, caller=OPERATOR_CALLER)
    return found


def post(here: World, path: str, *, host: str = "localhost:5000", **fields: Any) -> Said:
    return here.post_json(f"/api/v1/{path}", fields, token=OPERATOR_TOKEN, headers={"host": host})


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1:5000"])
def test_an_invitation_is_mailed_with_the_address_of_the_dashboard(
    here: World, letters: Letters, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        said = post(here, "invitations", host=host, email="zoe@example.org", what=[VIEWER])
    assert (said["was_mailed"], said["mail_problem"]) == (True, "")
    (letter,) = letters.sent
    assert (letter.address, f"http://localhost:5000{said['link']}" in letter.text) == (
        "zoe@example.org",
        True,
    )
    assert said["link"] not in caplog.text
    assert "zoe@example.org" not in caplog.text
    assert said["link"].rpartition("/")[2] not in str(here.items())


def test_a_link_to_choose_a_password_is_mailed_to_the_user(
    here: World, letters: Letters, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        said = post(here, "users/mary/make-password-link")
    (letter,) = letters.sent
    assert (letter.address, f"http://localhost:5000{said['path']}" in letter.text) == (EMAIL, True)
    assert said["was_mailed"] is True
    assert said["path"] not in caplog.text


def test_a_link_for_a_user_without_an_address_is_only_returned(here: World, letters: Letters) -> None:
    said = post(here, "users/ada/make-password-link")
    assert (said["was_mailed"], said["mail_problem"], letters.sent) == (False, "", [])


@pytest.mark.parametrize(
    ("path", "fields"),
    [("invitations", {"email": EMAIL, "what": [VIEWER]}), ("users/mary/make-password-link", {})],
)
def test_a_mail_that_cannot_be_sent_leaves_the_link_and_names_the_reason(
    here: World, letters: Letters, path: str, fields: dict[str, Any]
) -> None:
    letters.is_down = True
    said = post(here, path, **fields)
    assert (said.status, said["was_mailed"]) == (200, False)
    assert "check smtp_host" in said["mail_problem"]
    assert said["link" if path == "invitations" else "path"]


@pytest.mark.parametrize("host", ["evil.example.org", "localhost:5000@evil.example.org", "localhost:x"])
def test_no_link_leads_to_a_host_that_the_caller_made_up(here: World, letters: Letters, host: str) -> None:
    said = post(here, "users/mary/make-password-link", host=host)
    assert not [letter for letter in letters.sent if "evil" in letter.text or ":x" in letter.text]
    assert said.status != 200 or said["was_mailed"] is False


def test_a_deployed_app_mails_the_address_of_its_own_dashboard(here: World, letters: Letters) -> None:
    here.app.dashboard_url = lambda: "https://d2example.cloudfront.net/dashboard"
    said = post(here, "users/mary/make-password-link", host="evil.example.org")
    (letter,) = letters.sent
    assert f"https://d2example.cloudfront.net{said['path']}" in letter.text


def test_an_invitation_that_is_refused_mails_nothing(here: World, letters: Letters) -> None:
    assert post(here, "invitations", email="not an address", what=[VIEWER]).status == 422
    assert post(here, "users/nemo/make-password-link").status == 404
    assert letters.sent == []
