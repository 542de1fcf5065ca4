"""A letter to one worker, by the mail that the operator's settings describe."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import BadRequest, VendorError
from chalicelib.messaging.mail.wording import MailWording
from chalicelib.operations.shared.settings import Settings
from chalicelib.ports import Mailer

SUBJECT = "You are compensated for your time"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class MailToWorker(MailWording):
    """A letter without a frame: it isn't meant for the operator."""

    def letter(self, text: str) -> str:
        """Return the letter's text."""
        return f"{text}\n"


class _Readdressed:
    """Settings of mail, with another recipient."""

    def __init__(self, config: Settings, address: str) -> None:
        self._config = config
        self._address = address

    def get(self, key: str, default: Any = None, /) -> Any:
        return self._address if key == "contact_email_on_error" else self._config.get(key, default)


def prepared(config: Settings, address: str | None) -> Callable[[str], list[str]]:
    """Check address and settings, and return what sends a text and says what became of it.

    BadRequest for what is no address, ConfigError for settings that don't suffice: before money moves.
    """
    if address is None:
        return lambda _: []
    if not _ADDRESS.fullmatch(address):
        raise BadRequest(f"{address!r} is no e-mail address; give one such as worker@example.org.")
    if str(config.get("mode")) == "debug" or config.get("mailer") == "log":
        return lambda text: [f"Nothing is mailed in this mode. {address} would read: {text}"]
    mailer = _mailer(Settings(_Readdressed(config, address)))
    return lambda text: [_sent(mailer, address, text)]


def _mailer(config: Settings) -> Mailer:
    wording = MailToWorker(str(config.get("title") or "Experiment"))
    if config.get("mailer") == "ses":
        # Lazy import: only this one needs boto3.
        from chalicelib.messaging.mail.ses import SESMailer, make_client, read_addresses

        return SESMailer(make_client(config), *read_addresses(config), wording)
    from chalicelib.messaging.mail.smtp import SMTPMailer, read_account

    return SMTPMailer(read_account(config), wording)


def _sent(mailer: Mailer, address: str, text: str) -> str:
    try:
        mailer.tell(SUBJECT, text)
    except VendorError as error:
        return f"The compensation stands, but {address} couldn't be told: {error}"
    return f"A mail is on its way to {address}."
