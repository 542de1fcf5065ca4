"""Links that commands make are mailed, where the run sends mail."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.messaging.mail.mailers import build_mailer
from infra.local.lifecycle import origin
from infra.operator import dashboard_access
from infra.operator.run_session import mail_settings
from tests.tools.smtp import HOST, MailServer
from tests.unit.operator.runs import RUN, Scene
from tests.unit.operator.test_commands import Say, petri

__all__ = ["petri"]
EMAIL = "mary@example.org"


@pytest.fixture
def server(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server on this machine that the run, which isn't in debug mode, is configured for."""
    found = MailServer()
    with found.running(tmp_path):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        made_of = origin.read(RUN, scene.places)
        lines = [
            "[Mail]",
            "contact_email_on_error = me@lab.example.org",
            "dallinger_email_address = petri@lab.example.org",
            f"smtp_host = {HOST}:{found.port}",
            "smtp_username = lab",
            "smtp_password = letmein",
            "",
        ]
        with (made_of.folder / "config.txt").open("a", encoding="utf-8") as config:
            config.write("\n".join(lines))
        settings = {**made_of.settings, "mode": "live"}
        origin.record_origin(origin.Origin(made_of.folder, settings), RUN, scene.places)
        yield found


def test_an_invitation_is_mailed_and_printed(
    scene: Scene, server: MailServer, petri: Say, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        printed = petri("users", "invite", EMAIL, "--role", "Viewer")
    link = printed.split()[0]
    (mail,) = server.mails
    assert (mail["To"], link in mail.get_content()) == (EMAIL, True)
    assert "The link was mailed" in printed
    assert "Send this link" not in printed
    assert link not in caplog.text
    assert link not in str(scene.everything())


def test_an_invitation_that_cannot_be_mailed_is_printed_with_the_reason(
    scene: Scene, server: MailServer, petri: Say
) -> None:
    server.replies["RCPT"] = "550 no"
    printed = petri("users", "invite", EMAIL, "--role", "Viewer")
    assert "/dashboard/invitation/" in printed
    assert "couldn't be mailed" in printed
    assert "Send this link to the person" in printed
    assert "open" in petri("users", "invitations")
    del scene


@pytest.mark.parametrize("email", [EMAIL, ""])
def test_a_link_to_choose_a_password_is_mailed_to_a_user_with_an_address(
    scene: Scene, server: MailServer, petri: Say, email: str
) -> None:
    petri("users", "add", "mary", "--role", "Viewer", *(("--email", email) if email else ()))
    with scene.app() as app:
        app.mailer = build_mailer(app.config)
        made = dashboard_access.make_password_link(app, "http://localhost:5000/dashboard", "mary")
    assert "/dashboard/sign-in/new-password?ticket=" in made.link
    assert (made.was_mailed, made.problem) == (bool(email), "")
    assert [made.link in mail.get_content() for mail in server.mails] == [True] * bool(email)


def test_a_run_whose_settings_cannot_be_read_prints_the_link(scene: Scene, petri: Say) -> None:
    made_of = origin.read(RUN, scene.places)
    (made_of.folder / "config.txt").write_text("base_payment = much\n", encoding="utf-8")
    assert mail_settings(made_of) == {}
    assert mail_settings(None) == {}
    assert "Send this link" in petri("users", "invite", EMAIL, "--role", "Viewer")
