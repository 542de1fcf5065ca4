"""Texts that name people beside log lines.

Entry links and vendors' answers may hold ids of participants. A log line about them says what happened and
no more; the terminal of a local run shows the text itself (`for_operator`). A notice to the operator that
can't be mailed stands in the log, with a second text that a scrubbed export writes instead (`redacted_as`).
"""

from __future__ import annotations

from typing import Final

#: The field of a structured log line that holds the text for exports.
REDACTED_TEXT: Final = "shareable"


#: The field of a log record that the terminal of a local run shows its operator; no log holds it.
FOR_OPERATOR: Final = "for_operator"


def for_operator(text: str) -> dict[str, str]:
    """Return the `extra` of a log line beside which the operator is shown a text: entry links, mostly."""
    return {FOR_OPERATOR: text}


def redacted_as(text: str) -> dict[str, str]:
    """Return the `extra` of a log line whose message must not leave the operator's hands."""
    return {REDACTED_TEXT: text}
