"""Mail to the operator; in debug mode its text goes to the log."""

from __future__ import annotations

import logging

logger = logging.getLogger("petri.mail")


class LogMailer:
    """Writes into the log what would be mailed."""

    def tell(self, subject: str, text: str) -> None:
        """Log one mail."""
        logger.warning("To the operator: %s\n%s", subject, text)
