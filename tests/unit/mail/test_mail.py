from __future__ import annotations

import logging

import pytest

from chalicelib.errors import ConfigError
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.messaging.mail import mailers
from chalicelib.messaging.mail.mailers import LogMailer
from chalicelib.messaging.mail.ses import SESMailer
from chalicelib.messaging.mail.smtp import SMTPMailer
from chalicelib.messaging.mail.wording import MailWording

SETTINGS = {
    "mode": "live",
    "smtp_host": "mail.example.org:587",
    "smtp_username": "lab",
    "smtp_password": "letmein",
    "dallinger_email_address": "petri@lab.example.org",
    "contact_email_on_error": "me@lab.example.org",
}


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, SMTPMailer),
        ({"mailer": "ses"}, SESMailer),
        ({"mailer": "log"}, LogMailer),
        ({"mode": "debug"}, LogMailer),
        ({"mode": "debug", "mailer": "ses"}, LogMailer),
        ({"contact_email_on_error": None}, LogMailer),
        ({"mode": "sandbox"}, SMTPMailer),
    ],
)
def test_notices_go_where_the_settings_say(settings, kind):
    assert type(mailers.build_mailer({**SETTINGS, **settings})) is kind


def test_mail_without_a_password_is_refused_by_name():
    with pytest.raises(ConfigError, match="smtp_password"):
        mailers.build_mailer({**SETTINGS, "smtp_password": None})


def test_without_an_address_the_log_says_why_no_mail_comes(caplog):
    with caplog.at_level(logging.WARNING):
        mailers.build_mailer({**SETTINGS, "contact_email_on_error": None})
    assert "contact_email_on_error" in caplog.text


def test_a_logged_notice_can_be_read_in_full(caplog):
    LogMailer().tell("A bonus is held", "It waits.")
    assert "A bonus is held\nIt waits." in caplog.text


@pytest.mark.parametrize("is_whimsical", [True, False])
def test_a_letter_says_what_happened_in_either_tone(is_whimsical):
    assert "\n\nIt waits.\n\n" in MailWording("Ring", is_whimsical=is_whimsical).letter("It waits.")


def test_the_two_tones_differ():
    assert MailWording("Ring", is_whimsical=True).letter("x") != MailWording(
        "Ring", is_whimsical=False
    ).letter("x")


@pytest.mark.parametrize(("setting", "is_whimsical"), [(True, True), (False, False)])
def test_the_tone_is_a_setting(setting, is_whimsical):
    assert mailers.read_wording({"whimsical": setting}).is_whimsical is is_whimsical


def test_a_long_subject_is_cut():
    assert len(MailWording("Ring").subject("x" * 1000)) == 150


def test_missing_settings_are_named_by_a_configuration_too(tmp_path):
    config = Configuration()
    config.load_for(
        tmp_path, {"mode": "live", "contact_email_on_error": "me@x.org"}, environ={}, home=tmp_path
    )
    with pytest.raises(ConfigError, match="smtp_username, smtp_password, dallinger_email_address"):
        mailers.build_mailer(config)
