"""Shows why a sign-in failed, with a reference under which the log has the reason."""

from __future__ import annotations

import logging
import secrets

from chalicelib.dashboard.page_call import Rendered
from chalicelib.dashboard.rendering import render_alone

logger = logging.getLogger("petri")


def show_failed(
    way: str, text: str, reason: str, status: int, *, again: str = "/dashboard/sign-in"
) -> Rendered:
    """Show why a sign-in failed.

    Args:
        way: The way to sign in, for the log.
        text: The sentence for the person.
        reason: A word or two for the log, without values.
        status: The HTTP status.
        again: Where the person tries again.

    Returns:
        The page.

    """
    reference = secrets.token_hex(4)
    logger.warning("a sign-in with %s failed (%s), reference %s", way, reason, reference)
    return render_alone("sign_in_failed.html", status=status, text=text, reference=reference, again=again)
