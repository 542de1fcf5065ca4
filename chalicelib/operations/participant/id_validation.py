"""Validates ids: a placeholder that a page or a recruiter's link never filled in doesn't identify anyone."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from chalicelib.errors import Forbidden

#: The assignment id that Mechanical Turk sends while a worker previews a HIT.
PREVIEW: Final = "ASSIGNMENT_ID_NOT_AVAILABLE"
#: What scripts write for a missing value.
_LOST: Final = frozenset({"undefined", "null"})
#: {{%PROLIFIC_PID%}}, %SURVEY_CODE%, ${e://Field/id}, {worker_id}: places that the sender fills in.
_PLACEHOLDER: Final = re.compile(r"\{\{.*\}\}|%[A-Za-z_]+%|\$\{.*\}|\{[A-Za-z_ ]+\}")
_HINT: Final = (
    "Participants: open the link again from where you found it. Researchers: the link must contain the "
    "recruiter's placeholders, and must be opened through the recruiter (Prolific: workerId="
    "{{%PROLIFIC_PID%}}&assignmentId={{%SESSION_ID%}}&hitId={{%STUDY_ID%}}, with URL parameters switched on)."
)


def require_real_id(name: str, value: str) -> None:
    """Raise Forbidden for a value that was never filled in: a placeholder, `undefined`, `null`, a preview.

    An empty value is left to the caller, which knows whether the id is required.
    """
    word = unquote(value).strip()
    if word.lower() in _LOST:
        raise Forbidden(
            f"{name} has the value '{word}': the page lost its id. Open the recruiter's link again.",
            code="id_undefined",
        )
    if word.upper() == PREVIEW:
        raise Forbidden(
            f"{name} is {PREVIEW}, which Mechanical Turk sends while you preview a HIT. Accept the HIT "
            "to take part.",
            code="id_of_preview",
        )
    if _PLACEHOLDER.fullmatch(word):
        raise Forbidden(
            f"{name} is {word[:60]}, a placeholder that was not filled in. {_HINT}", code="id_not_filled_in"
        )
