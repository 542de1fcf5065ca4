"""Log lines that name people: the log keeps them for the operator, and exports replace them.

An entry link, a vendor's answer or a notice to the operator may hold ids of participants. Such a line
carries a second text without them; a scrubbed export writes that one instead.
"""

from __future__ import annotations

from typing import Final

#: The field of a structured log line that holds the text for exports.
SHAREABLE: Final = "shareable"


def shareable(text: str) -> dict[str, str]:
    """Return the `extra` of a log line whose message must not leave the operator's hands."""
    return {SHAREABLE: text}
