"""`petri email_test`, against a mail server on loopback."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from tests.tools.smtp import HOST, MailServer


@pytest.fixture
def server(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with MailServer().running(tmp_path) as running:
        # The machine's own trust, as the command uses it, in the file that OpenSSL reads.
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
        yield running


@pytest.fixture
def petri(server, tmp_path):
    """Run the command with these settings in ~/.petriconfig."""

    def run(*words, **settings):
        given = {
            "smtp_host": f"{HOST}:{server.port}",
            "smtp_username": "lab",
            "smtp_password": "letmein",
            "dallinger_email_address": "petri@lab.example.org",
            "contact_email_on_error": "me@lab.example.org",
            **settings,
        }
        lines = "\n".join(f"{name} = {value}" for name, value in given.items() if value)
        (tmp_path / "home" / ".petriconfig").write_text(f"[Mail]\n{lines}\n")
        return CliRunner().invoke(app, ["email_test", str(tmp_path), *words])

    return run


def test_a_mail_arrives(petri, server):
    petri()
    assert [mail["To"] for mail in server.mails] == ["me@lab.example.org"]


def test_the_output_names_the_recipient(petri):
    assert petri().stdout == "Sent a test email to me@lab.example.org.\n"


def test_a_dry_run_sends_nothing(petri, server):
    petri("--dry-run")
    assert (server.mails, server.heard) == ([], [])


@pytest.mark.parametrize("words", [[], ["--dry-run"]])
def test_a_missing_setting_is_named(petri, words):
    ended = petri(*words, smtp_password="")
    assert (ended.exit_code, "smtp_password" in ended.stderr) == (1, True)


def test_a_refused_login_is_reported_with_the_fix(petri):
    ended = petri(smtp_password="wrong")
    assert (ended.exit_code, "now:   Check smtp_username and smtp_password" in ended.stderr) == (1, True)


def test_no_mail_is_sent_where_notices_go_to_the_log(petri, server):
    petri(mailer="log")
    assert server.mails == []


def test_the_settings_of_an_experiment_count(petri, server, tmp_path):
    (tmp_path / "config.txt").write_text("[Experiment]\ncontact_email_on_error = other@lab.example.org\n")
    petri()
    assert [mail["To"] for mail in server.mails] == ["other@lab.example.org"]
