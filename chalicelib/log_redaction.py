"""Keeps texts that identify people out of logs and exports.

Entry links and vendors' answers may contain ids of participants. A log line about them says what happened
and no more; only the terminal of a local run shows the text itself (`for_operator`). A notice to the
operator that can't be mailed is logged with a second text, which a scrubbed export contains instead
(`redacted_as`).
"""

from __future__ import annotations

from typing import Final

#: The field of a structured log line that contains the text for exports.
REDACTED_TEXT: Final = "shareable"


#: The field of a log record that only the terminal of a local run shows; it isn't written to any log.
FOR_OPERATOR: Final = "for_operator"


def for_operator(text: str) -> dict[str, str]:
    """Return the `extra` of a log line with a text for the operator's terminal, such as entry links."""
    return {FOR_OPERATOR: text}


def redacted_as(text: str) -> dict[str, str]:
    """Return the `extra` of a log line whose message only the operator may see."""
    return {REDACTED_TEXT: text}
