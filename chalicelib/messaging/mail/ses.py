"""Sends mail through Amazon's Simple Email Service, with the deployment's own role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import ConfigError, VendorRefused, VendorUnreachable
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.ports import ParticipantMail

from .participant_message import participant_message
from .wording import MailWording

#: Errors after which a retry can succeed. Source: AWS's "Common Errors" and SES's "SendEmail".
TRANSIENT_ERRORS = (
    "Throttling",
    "ThrottlingException",
    "ServiceUnavailable",
    "InternalFailure",
    "RequestExpired",
)


def read_addresses(config: SettingsLike) -> tuple[str, str]:
    """Read sender and recipient; ConfigError names what is missing."""
    names = ("dallinger_email_address", "contact_email_on_error")
    missing = [name for name in names if not config.get(name)]
    if missing:
        raise ConfigError(f"Mail needs more settings: {', '.join(missing)}. Set them, or mailer = log.")
    return str(config.get(names[0])), str(config.get(names[1]))


def make_client(config: SettingsLike) -> Any:
    """Create the service's client, in the region of the deployment.

    A few quick attempts are enough, since the message is retried.
    """
    quick = Config(connect_timeout=5, read_timeout=15, retries={"max_attempts": 2, "mode": "standard"})
    region = boto3.session.Session().region_name or RunSettings.read(config).aws_region
    return boto3.client("ses", region_name=region, config=quick)


class SESMailer:
    """Sends notices through SES."""

    def __init__(self, client: Any, sender: str, recipient: str, wording: MailWording) -> None:
        """`client`: boto3's for `ses`; the sender's address must be verified there."""
        self._client = client
        self._sender = sender
        self._recipient = recipient
        self._wording = wording

    def tell(self, subject: str, text: str) -> None:
        """Send one mail to `contact_email_on_error`; VendorRefused or VendorUnreachable when it fails."""
        self._send(self._recipient, self._wording.subject(subject), self._wording.letter(text))

    def write_to(self, mail: ParticipantMail) -> None:
        """Send one mail to a participant; VendorRefused or VendorUnreachable when it fails."""
        try:
            self._send_raw(participant_message(mail, self._sender))
        except VendorRefused:
            # SES's own text names the address.
            raise VendorRefused(
                "SES refuses a mail to a participant; check that the sender is verified there, and that the "
                "account has left SES's sandbox."
            ) from None

    def _send(self, recipient: str, subject: str, letter: str) -> None:
        message = {
            "Subject": {"Data": subject, "Charset": "UTF-8"},
            "Body": {"Text": {"Data": letter, "Charset": "UTF-8"}},
        }
        with self._translated():
            self._client.send_email(
                Source=self._sender, Destination={"ToAddresses": [recipient]}, Message=message
            )

    def _send_raw(self, message: EmailMessage) -> None:
        with self._translated():
            self._client.send_raw_email(Source=self._sender, RawMessage={"Data": message.as_bytes()})

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            details = error.response.get("Error", {})
            if details.get("Code") in TRANSIENT_ERRORS:
                raise VendorUnreachable("SES asks to come later; the mail is tried again.") from error
            raise VendorRefused(
                f"SES refuses the mail ({details.get('Code')}: {details.get('Message')}); verify "
                f"{self._sender} there, and {self._recipient} too while the account is in SES's sandbox."
            ) from error
        except BotoCoreError as error:
            raise VendorUnreachable(
                f"SES can't be reached ({type(error).__name__}); check aws_region."
            ) from error
