"""Defines the errors of an author's code, which end the part of those for whom it was called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.errors import Conflict, PetriError, Refused, VendorError
from chalicelib.operations.shared.context import Context
from chalicelib.study.elements import EndlessTimelineError


class HookFailedError(PetriError):
    """A method that was called for a group raised an error; a commit of its own has to stop the group."""

    def __init__(self, network_id: int, what: str) -> None:
        """`what`: the function and its error, for the operator."""
        super().__init__(what)
        self.network_id = network_id


class StudyCodeError(PetriError):
    """The code that a participant's page needs raised an error; a commit of its own has to end their part."""

    def __init__(self, participant_id: int, what: str) -> None:
        """`what`: the code and its error, for the operator."""
        super().__init__(what)
        self.participant_id = participant_id


@contextmanager
def study_code(ctx: Context, participant_id: int, what: str) -> Iterator[None]:
    """Turn what the study's code raises in this block into StudyCodeError; refusals and lost races pass.

    In debug mode every error passes: its author reads it in the page, corrects the code and goes on there.
    """
    try:
        yield
    except (Refused, Conflict, VendorError, EndlessTimelineError, HookFailedError, StudyCodeError):
        raise
    except Exception as error:
        if ctx.settings.mode == "debug":
            raise
        # An author's code may raise anything; the error is logged where the participant's part is ended.
        raise StudyCodeError(participant_id, f"{what} raised {type(error).__name__}: {error}") from error
