"""Defines completion codes, which tell Prolific how a participant left and what to do.

Source: docs.prolific.com, "The study object" (completion_codes) and "Approve or reject a submission"
(COMPLETE with a code whose actor is the researcher).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from chalicelib.model.participant import Participant
from chalicelib.model.statuses import UNPAID, ParticipantStatus

from .prolific_settings import ProlificSettings

EXIT = "https://app.prolific.com/submissions/complete"
#: The address for participants who need no code: Prolific's list of their submissions.
OWN_SUBMISSIONS = "https://app.prolific.com/submissions"
LENGTH = 10

COMPLETED, OVERRECRUITED, RELEASED = "completed", "overrecruited", "released"
#: Used by Petri itself: for participants who never returned to Prolific, and for those screened out.
FINISHED_FOR_THEM, SCREENED_OUT = "finished-for-them", "screened-out"


@dataclass(frozen=True, slots=True)
class CompletionCodes:
    """The codes of one run. They are derived from a secret, so nothing has to be stored."""

    secret: str

    def code(self, name: str) -> str:
        """Return the code for a way of leaving."""
        digest = hmac.new(self.secret.encode(), f"completion-code|{name}".encode(), hashlib.sha256).digest()
        return base64.b32encode(digest).decode()[:LENGTH]

    def declared(self, settings: ProlificSettings) -> list[dict[str, Any]]:
        """Return the codes as a study declares them.

        No code approves a submission: Petri approves when the ledger says that base pay is owed.
        """
        review = [{"action": "MANUALLY_REVIEW"}]
        codes = [
            self._declare(COMPLETED, "COMPLETED", "participant", review),
            self._declare(OVERRECRUITED, "OTHER", "participant", review),
            self._declare(RELEASED, "OTHER", "participant", review),
            self._declare(FINISHED_FOR_THEM, "OTHER", "researcher", review),
        ]
        if settings.screen_out:
            pays = {
                "action": "FIXED_SCREEN_OUT_PAYMENT",
                "fixed_screen_out_reward": settings.screen_out,
                "slots": settings.screen_out_slots,
            }
            codes.append(self._declare(SCREENED_OUT, "FIXED_SCREENOUT", "researcher", [pays]))
        return codes

    def _declare(self, name: str, kind: str, actor: str, actions: list[dict[str, Any]]) -> dict[str, Any]:
        return {"code": self.code(name), "code_type": kind, "actor": actor, "actions": actions}

    def exit_address(self, participant: Participant) -> str:
        """Return the address to which a participant goes at the end; "" for one who has already left."""
        if participant.status in UNPAID:
            return ""
        if participant.status == ParticipantStatus.SCREENED_OUT:
            return OWN_SUBMISSIONS
        return f"{EXIT}?cc={self.code(_ending(participant))}"


def _ending(participant: Participant) -> str:
    if participant.status == ParticipantStatus.OVERRECRUITED:
        return OVERRECRUITED
    return COMPLETED if participant.early_exit_reason is None else RELEASED
