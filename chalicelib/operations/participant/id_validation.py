"""Which ids stand for people: an id that a page or a recruiter's link never filled in belongs to nobody."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from chalicelib.errors import Forbidden

#: What Mechanical Turk gives as the assignment while a worker only looks at a HIT.
PREVIEW: Final = "ASSIGNMENT_ID_NOT_AVAILABLE"
#: What scripts write for a value that they don't have.
_LOST: Final = frozenset({"undefined", "null"})
#: {{%PROLIFIC_PID%}}, %SURVEY_CODE%, ${e://Field/id}, {worker_id}: places that the sender fills in.
_PLACEHOLDER: Final = re.compile(r"\{\{.*\}\}|%[A-Za-z_]+%|\$\{.*\}|\{[A-Za-z_ ]+\}")
_HINT: Final = (
    "Participants: open the link from where you found it. Researchers: the link must hold what the recruiter "
    "replaces for each participant, and must be opened through the recruiter (Prolific: workerId="
    "{{%PROLIFIC_PID%}}&assignmentId={{%SESSION_ID%}}&hitId={{%STUDY_ID%}}, with URL parameters switched on)."
)


def require_real_id(name: str, value: str) -> None:
    """Raise Forbidden for a value that was never filled in: a placeholder, `undefined`, `null`, a preview.

    An empty value is for the caller to refuse, which knows whether the id is needed.
    """
    word = unquote(value).strip()
    if word.lower() in _LOST:
        raise Forbidden(
            f"{name} is the word '{word}': the page lost it. Open the link from the recruiter again.",
            code="id_undefined",
        )
    if word.upper() == PREVIEW:
        raise Forbidden(
            f"{name} is {PREVIEW}, which Mechanical Turk gives while a HIT is only looked at. Accept the HIT "
            "to take part.",
            code="id_of_preview",
        )
    if _PLACEHOLDER.fullmatch(word):
        raise Forbidden(f"{name} is {word[:60]}, which was not filled in. {_HINT}", code="id_not_filled_in")
