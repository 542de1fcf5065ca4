"""Sends an email to one worker, with the operator's mail settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import BadRequest, VendorError
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.messaging.mail.wording import MailWording
from chalicelib.operations.shared.settings import Settings
from chalicelib.ports import Mailer

SUBJECT = "You are compensated for your time"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class MailToWorker(MailWording):
    """An email without the frame for operators."""

    def letter(self, text: str) -> str:
        """Return the email's text."""
        return f"{text}\n"


class _Readdressed:
    """Mail settings with another recipient."""

    def __init__(self, config: Settings, address: str) -> None:
        self._config = config
        self._address = address

    def get(self, key: str, default: Any = None, /) -> Any:
        return self._address if key == "contact_email_on_error" else self._config.get(key, default)


def prepared(config: Settings, address: str | None) -> Callable[[str], list[str]]:
    """Check the address and settings; return a function that sends a text and reports the result.

    Raises BadRequest for an invalid address, ConfigError for incomplete settings, before money moves.
    """
    if address is None:
        return lambda _: []
    if not _ADDRESS.fullmatch(address):
        raise BadRequest(f"{address!r} is not a valid email address; use one such as worker@example.org.")
    if str(config.get("mode")) == "debug" or config.get("mailer") == "log":
        return lambda text: [f"No email is sent in this mode. {address} would receive: {text}"]
    mailer = _mailer(Settings(_Readdressed(config, address)))
    return lambda text: [_sent(mailer, address, text)]


def _mailer(config: Settings) -> Mailer:
    wording = MailToWorker(RunSettings.read(config).title)
    if config.get("mailer") == "ses":
        # Lazy import: only SES needs boto3.
        from chalicelib.messaging.mail.ses import SESMailer, make_client, read_addresses

        return SESMailer(make_client(config), *read_addresses(config), wording)
    from chalicelib.messaging.mail.smtp import SMTPMailer, read_account

    return SMTPMailer(read_account(config), wording)


def _sent(mailer: Mailer, address: str, text: str) -> str:
    try:
        mailer.tell(SUBJECT, text)
    except VendorError as error:
        return f"The compensation was recorded, but {address} couldn't be notified: {error}"
    return f"Sent an email to {address}."
