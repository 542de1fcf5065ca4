"""Defines the refusal of a sign-in, with the reason for the log."""

from __future__ import annotations

from chalicelib.errors import Forbidden


class SignInRefused(Forbidden):
    """This sign-in is not valid; begin again from the page on which you sign in."""

    code = "sign_in_refused"

    def __init__(self, message: str, reason: str) -> None:
        """`message`: a sentence for the person; `reason`: a word or two for the log, without values."""
        super().__init__(message)
        self.reason = reason
        #: Whether the person cancelled the sign-in, rather than something being wrong with it.
        self.is_cancelled = False
