"""Defines questions: what participants answer outside of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chalicelib.errors import RuleBroken

from .record import Record

if TYPE_CHECKING:
    from .participant import Participant

#: A participant's id times this, plus a number from the participant's own counter, is a question's id.
PARTICIPANT_SPAN = 100_000


class Question(Record):
    """An answer of a participant, often a whole questionnaire as a JSON text."""

    type = "question"
    object_type: ClassVar[str] = "Question"
    own_fields: ClassVar[tuple[str, ...]] = (
        "number",
        "type",
        "participant_id",
        "question",
        "response",
        "object_type",
    )
    kept_fields: ClassVar[tuple[str, ...]] = ("number", "type", "participant_id", "question", "response")

    number: int
    participant_id: int
    question: str
    response: str

    def __init__(self, participant: Participant, question: str, response: str, number: int) -> None:
        """Make a question.

        Args:
            participant: The participant who answered.
            question: The name of the question.
            response: The answer.
            number: The position of the question in the experiment.

        Raises:
            RuleBroken: The participant has failed.

        """
        if participant.failed:
            raise RuleBroken(f"{participant!r} has failed and can't answer questions.")
        self.details = {}
        self.participant_id = participant.id
        self.question = question
        self.response = response
        self.number = number
        participant.work.attach(self)

    @property
    def participant(self) -> Participant:
        """The participant who answered."""
        return self.work.participant(self.participant_id)
