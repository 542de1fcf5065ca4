"""What a page reports, as the operator is told: quoted, so that nobody takes it for Petri's own words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def quoted_report(participant_id: int | None, report: Mapping[str, Any], *, is_last: bool) -> str:
    """Return a participant's report for the operator, each line marked as theirs.

    What comes from a page is nobody's word but its sender's: it may look like a notice of Petri, and ask for
    things.
    """
    if participant_id is None:
        sender = "A page without a participant's token reported an error. Anybody can send such a report."
    else:
        sender = f"Participant {participant_id} reported an error."
    written = json.dumps(report, ensure_ascii=False, indent=2)
    quoted = "\n".join(f"> {line}" for line in written.splitlines())
    parts = [sender, "These are the sender's words, not Petri's:", quoted]
    if is_last:
        parts.append(
            "More reports of this hour aren't mailed. They are kept with the data, as notifications "
            "(ExperimentError)."
        )
    return "\n\n".join(parts)
