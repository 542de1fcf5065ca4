from __future__ import annotations

import smtplib
import socket
import ssl

import pytest

from chalicelib.errors import ConfigError, VendorRefused, VendorUnreachable
from chalicelib.messaging.mail import smtp
from chalicelib.messaging.mail.smtp import SMTPMailer, read_account
from chalicelib.messaging.mail.wording import MailWording
from chalicelib.ports import ParticipantMail
from tests.tools.smtp import HOST, MailServer

SETTINGS = {
    "smtp_username": "lab",
    "smtp_password": "letmein",
    "dallinger_email_address": "petri@lab.example.org",
    "contact_email_on_error": "me@lab.example.org",
}


@pytest.fixture
def server():
    return MailServer()


@pytest.fixture
def tell(server, tmp_path):
    """Run the server, and send one mail to it."""

    def send(subject="A bonus is held", text="It waits.", trusted=None, **settings):
        with server.running(tmp_path):
            account = read_account({**SETTINGS, "smtp_host": f"{HOST}:{server.port}", **settings})
            SMTPMailer(account, MailWording("Ring"), context=trusted or server.trusted).tell(subject, text)

    return send


def test_a_mail_goes_from_the_experiments_address_to_the_contact(server, tell):
    tell()
    (mail,) = server.mails
    assert (mail["From"], mail["To"]) == ("petri@lab.example.org", "me@lab.example.org")


def test_a_mail_says_what_happened(server, tell):
    tell()
    (mail,) = server.mails
    assert (mail["Subject"], "It waits." in mail.get_content()) == ("[Ring] A bonus is held", True)


def test_words_in_any_language_arrive(server, tell):
    tell("Ein Bonus für Jürgen", "お待ちください")
    (mail,) = server.mails
    assert (mail["Subject"], "お待ちください" in mail.get_content()) == ("[Ring] Ein Bonus für Jürgen", True)


def test_a_line_break_in_a_subject_makes_no_header(server, tell):
    tell("Held\r\nBcc: everybody@example.org")
    (mail,) = server.mails
    assert (mail["Bcc"], mail["Subject"]) == (None, "[Ring] Held Bcc: everybody@example.org")


def test_a_password_is_sent_on_an_encrypted_line_alone(server, tell):
    tell()
    assert server.heard.index("tls") < server.heard.index("AUTH")


def test_no_password_is_sent_without_encryption(server, tell):
    server.offers_tls = False
    with pytest.raises(VendorRefused, match="no encryption"):
        tell()
    assert "AUTH" not in server.heard


def test_no_password_is_sent_to_a_server_with_a_strangers_certificate(server, tell):
    with pytest.raises(VendorRefused, match="certificate"):
        tell(trusted=ssl.create_default_context())
    assert "AUTH" not in server.heard


def test_a_port_that_is_encrypted_from_the_first_byte_is_spoken_to_so(server, tell, monkeypatch, tmp_path):
    server.is_tls_at_once = True
    with server.running(tmp_path):
        monkeypatch.setattr(smtp, "TLS_PORT", server.port)
        account = read_account({**SETTINGS, "smtp_host": f"{HOST}:{server.port}"})
        SMTPMailer(account, MailWording("Ring"), context=server.trusted).tell("Held", "It waits.")
    assert (len(server.mails), "STARTTLS" in server.heard) == (1, False)


@pytest.mark.parametrize(
    ("command", "reply", "named"),
    [
        ("AUTH", "535 no", "smtp_password"),
        ("MAIL", "550 no", "dallinger_email_address"),
        ("RCPT", "550 no", "contact_email_on_error"),
        ("DATA", "554 no", "smtp_host"),
    ],
)
def test_a_final_refusal_names_the_setting_at_fault(server, tell, command, reply, named):
    server.replies[command] = reply
    with pytest.raises(VendorRefused, match=named):
        tell()


@pytest.mark.parametrize("command", ["connect", "MAIL", "RCPT", "DATA"])
def test_a_server_that_is_busy_is_tried_again(server, tell, command):
    server.replies[command] = "421 later"
    with pytest.raises(VendorUnreachable, match="later"):
        tell()


def test_a_server_that_is_not_there_is_tried_again():
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        account = read_account({**SETTINGS, "smtp_host": f"{HOST}:{taken.getsockname()[1]}"})
        with pytest.raises(VendorUnreachable, match="smtp_host"):
            SMTPMailer(account, MailWording("Ring")).tell("Held", "It waits.")


def test_a_wrong_password_is_refused_and_never_shown(server, tell):
    with pytest.raises(VendorRefused) as refused:
        tell(smtp_password="hunter2")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_missing_setting_is_named_before_anything_is_sent(name):
    with pytest.raises(ConfigError, match=name):
        read_account({**SETTINGS, "smtp_host": "mail.example.org", name: ""})


def test_a_host_without_a_port_is_spoken_to_at_that_for_sending():
    assert read_account({**SETTINGS, "smtp_host": "mail.example.org"}).port == 587


def test_an_account_shows_no_password():
    assert "letmein" not in repr(read_account({**SETTINGS, "smtp_host": "mail.example.org"}))


def test_every_error_of_smtplib_is_caught():
    assert issubclass(smtplib.SMTPException, OSError)


MAIL = ParticipantMail(
    7, "ann@example.org", "Memory: week 2", "It is open.", "https://lab.example.org/stop?key=k"
)


@pytest.fixture
def write_to(server, tmp_path):
    """Run the server, and send one mail to a participant."""

    def send():
        with server.running(tmp_path):
            account = read_account({**SETTINGS, "smtp_host": f"{HOST}:{server.port}"})
            SMTPMailer(account, MailWording("Ring"), context=server.trusted).write_to(MAIL)

    return send


def test_a_mail_to_a_participant_has_the_text_alone_and_can_be_stopped_with_one_click(server, write_to):
    write_to()
    (mail,) = server.mails
    assert (mail["To"], mail["Subject"], mail.get_content().strip()) == (
        *("ann@example.org", "Memory: week 2"),
        "It is open.",
    )
    assert mail["List-Unsubscribe"] == "<https://lab.example.org/stop?key=k>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_address_of_a_participant_is_not_in_the_representation_of_a_mail():
    assert "ann@" not in repr(MAIL)
