"""Sends mail to the operator, and to participants who gave their address."""

from __future__ import annotations

from dataclasses import field
from typing import Protocol

from chalicelib.immutable import immutable


@immutable()
class ParticipantMail:
    """A mail to a participant who gave their address."""

    participant_id: int
    #: It identifies the participant, so it is never logged.
    address: str = field(repr=False)
    subject: str = ""
    text: str = field(default="", repr=False)
    #: Where one click, or one POST request, stops such mail.
    stop_address: str = field(default="", repr=False)


class Mailer(Protocol):
    """Sends mail; in debug mode it writes to the log instead."""

    def tell(self, subject: str, text: str) -> None:
        """Send one mail to `contact_email_on_error`."""

    def write_to(self, mail: ParticipantMail) -> None:
        """Send one mail to a participant; VendorRefused or VendorUnreachable, neither names the address."""
