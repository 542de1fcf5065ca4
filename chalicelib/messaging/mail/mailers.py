"""Builds the mailer for notices to the operator; in debug mode they are logged."""

from __future__ import annotations

import logging

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.log_redaction import redacted_as
from chalicelib.operations.shared.settings import Settings, SettingsLike
from chalicelib.ports import Mailer, ParticipantMail

from .wording import MailWording

logger = logging.getLogger("petri.mail")


class LogMailer:
    """Logs notices instead of mailing them."""

    def tell(self, subject: str, text: str) -> None:
        """Log one mail."""
        logger.warning(
            "To the operator: %s\n%s", subject, text, extra=redacted_as("A notice was sent to the operator.")
        )

    def write_to(self, mail: ParticipantMail) -> None:
        """Log one mail to a participant, without their address."""
        logger.warning(
            "To participant %s: %s\n%s",
            mail.participant_id,
            mail.subject,
            mail.text,
            extra=redacted_as("A mail was sent to a participant."),
        )


class LazyMailer:
    """Builds the configured mailer when the first mail is sent, to keep cold starts short."""

    def __init__(self, config: SettingsLike) -> None:
        """`config` is read with the first mail."""
        self._config = config
        self._mailer: Mailer | None = None

    def tell(self, subject: str, text: str) -> None:
        """Send one mail; ConfigError when settings are missing."""
        self._built().tell(subject, text)

    def write_to(self, mail: ParticipantMail) -> None:
        """Send one mail to a participant; ConfigError when settings are missing."""
        self._built().write_to(mail)

    def _built(self) -> Mailer:
        if self._mailer is None:
            self._mailer = build_mailer(self._config)
        return self._mailer


def build_mailer(config: SettingsLike) -> Mailer:
    """Build the configured mailer: SMTP, SES or, in debug mode and without an address, the log.

    ConfigError when mail is enabled and settings are missing.
    """
    settings = Settings(config)
    if RunSettings.read(settings).mode == "debug":
        return LogMailer()
    if not settings.get("contact_email_on_error"):
        logger.warning("contact_email_on_error isn't set: notices to the operator go to the log")
        return LogMailer()
    return build_enabled_mailer(config) or LogMailer()


def build_enabled_mailer(config: SettingsLike) -> Mailer | None:
    """Build the configured mailer in any mode; None when the settings disable mail."""
    settings = Settings(config)
    how = RunSettings.read(settings).mailer
    if how == "log":
        return None
    return _ses(settings) if how == "ses" else _smtp(settings)


def _smtp(config: Settings) -> Mailer:
    from .smtp import SMTPMailer, read_account

    return SMTPMailer(read_account(config), read_wording(config))


def _ses(config: Settings) -> Mailer:
    # Lazy import: only this mailer needs boto3.
    from .ses import SESMailer, make_client, read_addresses

    return SESMailer(make_client(config), *read_addresses(config), read_wording(config))


def read_wording(config: SettingsLike) -> MailWording:
    """Read the wording of notices from the settings."""
    settings = RunSettings.read(config)
    return MailWording(settings.title, is_whimsical=settings.whimsical)
