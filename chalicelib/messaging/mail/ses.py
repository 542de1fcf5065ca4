"""Sends mail through Amazon's Simple Email Service, with the deployment's own role."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import ConfigError, VendorRefused, VendorUnreachable
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.shared.settings import SettingsLike

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
        message = {
            "Subject": {"Data": self._wording.subject(subject), "Charset": "UTF-8"},
            "Body": {"Text": {"Data": self._wording.letter(text), "Charset": "UTF-8"}},
        }
        try:
            self._client.send_email(
                Source=self._sender, Destination={"ToAddresses": [self._recipient]}, Message=message
            )
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
