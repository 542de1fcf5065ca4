"""Sends mail through a mail server, always encrypted."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from chalicelib.errors import ConfigError, VendorError, VendorRefused, VendorUnreachable
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.ports import ParticipantMail

from .participant_message import participant_message
from .wording import MailWording

SUBMISSION_PORT = 587
#: At this port the connection uses TLS from the first byte; at others STARTTLS starts it.
TLS_PORT = 465
#: Seconds to wait for the server: a Lambda function has little time.
TIMEOUT = 20.0
#: Reply codes from here on are permanent errors; below, transient ones. Source: RFC 5321, 4.2.1.
PERMANENT_FAILURE = 500


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """A mail server, the sender's account there, and the recipient."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    sender: str
    recipient: str


def read_account(config: SettingsLike) -> SmtpAccount:
    """Read the five settings of mail; ConfigError names all that are missing."""
    host, _, port = str(config.get("smtp_host") or "").partition(":")
    account = SmtpAccount(
        host=host,
        port=int(port) if port else SUBMISSION_PORT,
        username=str(config.get("smtp_username") or ""),
        password=str(config.get("smtp_password") or ""),
        sender=str(config.get("dallinger_email_address") or ""),
        recipient=str(config.get("contact_email_on_error") or ""),
    )
    needed = {
        "smtp_host": account.host,
        "smtp_username": account.username,
        "smtp_password": account.password,
        "dallinger_email_address": account.sender,
        "contact_email_on_error": account.recipient,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise ConfigError(
            f"Mail needs more settings: {', '.join(missing)}. Set them in ~/.petriconfig, or mailer = log."
        )
    return account


class SMTPMailer:
    """Sends notices through a mail server, with one connection for each."""

    def __init__(
        self, account: SmtpAccount, wording: MailWording, *, context: ssl.SSLContext | None = None
    ) -> None:
        """`context`: the trusted certificates; by default the machine's."""
        self._account = account
        self._wording = wording
        self._context = context or ssl.create_default_context()

    def tell(self, subject: str, text: str) -> None:
        """Send one mail to `contact_email_on_error`.

        VendorRefused for permanent errors; VendorUnreachable for transient ones and for an unreachable
        server.
        """
        self._send(self._message(subject, text))

    def write_to(self, mail: ParticipantMail) -> None:
        """Send one mail to a participant; VendorRefused or VendorUnreachable when it fails."""
        self._send(participant_message(mail, self._account.sender))

    def _send(self, message: EmailMessage) -> None:
        try:
            with self._connected() as server:
                server.login(self._account.username, self._account.password)
                server.send_message(message)
        except OSError as error:
            # All of smtplib's errors are OSErrors.
            raise _explain(error, f"The mail server {self._account.host}:{self._account.port}") from error

    def _connected(self) -> smtplib.SMTP:
        host, port = self._account.host, self._account.port
        if port == TLS_PORT:
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=self._context)
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
        try:
            server.starttls(context=self._context)
        except BaseException:
            server.close()
            raise
        return server

    def _message(self, subject: str, text: str) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = self._wording.subject(subject)
        message["From"] = self._account.sender
        message["To"] = self._account.recipient
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._account.sender.rpartition("@")[2])
        message.set_content(self._wording.letter(text))
        return message


def _explain(error: OSError, server: str) -> VendorError:
    """Explain an error of the connection or the server, and its fix."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return VendorRefused(
            f"{server} refuses the login; check smtp_username and smtp_password (with two-factor "
            "authentication an app password is needed)."
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return VendorRefused(
            f"{server} offers no encryption or no login, so no password is sent there; use another smtp_host."
        )
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = max(reply[0] for reply in error.recipients.values())
        return _refusal(server, code, "the recipient's address (contact_email_on_error for notices)")
    if isinstance(error, smtplib.SMTPResponseException):
        is_sender = isinstance(error, smtplib.SMTPSenderRefused)
        return _refusal(server, error.smtp_code, "dallinger_email_address" if is_sender else "smtp_host")
    if isinstance(error, ssl.SSLError):
        return VendorRefused(
            f"{server} shows no certificate that can be trusted ({error.reason}); check smtp_host."
        )
    return VendorUnreachable(
        f"{server} can't be reached ({type(error).__name__}); check smtp_host and the firewall."
    )


def _refusal(server: str, code: int, setting: str) -> VendorError:
    if code < PERMANENT_FAILURE:
        return VendorUnreachable(f"{server} asks to come later ({code}); it is tried again.")
    return VendorRefused(f"{server} refuses the mail ({code}); check {setting}.")
