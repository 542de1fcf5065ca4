"""Whether the user of a session has proved a moment ago who they are, as sensitive changes ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib import services
from chalicelib.dashboard.page_call import PageCall
from chalicelib.errors import Forbidden

#: How long a proof lasts.
RECENT: Final = timedelta(minutes=10)
NOT_RECENT: Final = (
    "Confirm your password on the page My account first: this asks for a sign-in of the last ten minutes."
)


def is_recent(call: PageCall) -> bool:
    """Whether the user has proved within the last ten minutes who they are."""
    proved = None if call.session is None else call.session.authenticated
    return proved is not None and services.current().clock.now() - proved < RECENT


def require_recent_proof(call: PageCall) -> None:
    """Refuse a sensitive change of a user who signed in too long ago.

    The operator, who has no account, isn't asked: a link of theirs can be made by a command alone.
    """
    if call.actor.username is not None and not is_recent(call):
        raise Forbidden(NOT_RECENT, code="not_recent")
