"""Sends mail to the operator."""

from __future__ import annotations

from typing import Protocol


class Mailer(Protocol):
    """Sends the operator mail; in debug mode it writes to the log instead."""

    def tell(self, subject: str, text: str) -> None:
        """Send one mail to `contact_email_on_error`."""
