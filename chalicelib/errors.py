"""Defines the errors that Petri raises.

    PetriError                      status 500, an internal error
    |-- Refused                     a request or call that the rules don't allow (4xx)
    |   |-- BadRequest              400  a parameter is missing, duplicated or malformed
    |   |-- Unauthorized            401  no valid token
    |   |-- Forbidden               403  not yours, or no longer allowed
    |   |   |-- NoNetwork           403  no network is left for this participant
    |   |   `-- StudyFull           403  each cell of the study's design has all of its participants
    |   |-- NotFound                404
    |   |-- TooLarge                413  contents or body above a limit
    |   |-- UnsupportedMedia        415  a compressed body
    |   |-- Unprocessable           422  a request id was reused for another request
    |   |-- AnswersRefused          422  answers of a page aren't valid; says why at each item
    |   |-- InvalidField            422  a field of an API request isn't valid; names the field
    |   |-- InvalidState            409  the record's state doesn't allow the change
    |   `-- Busy                    503  try again in a moment; carries `retry_after`
    |       `-- NetworkBusy         503  the person ahead hasn't answered yet
    |-- RuleBroken                  an author's code asked for something the model forbids
    |-- Conflict                    a commit lost a race; the operation is retried, clients never see it
    |-- ConfigError                 the experiment's settings are wrong
    |-- HookExit                    an author's code tried to end the program
    |-- ExperimentError             the author's folder or code is wrong
    `-- VendorError                 a recruiter or cloud service refused or didn't answer
        |-- VendorRefused           a permanent error: a retry fails unless something is changed
        `-- VendorUnreachable       no answer, or "try later": the outcome is unknown
            |-- NotSettled          the recruiter can report the outcome at a known time
            `-- Unsent              the queue didn't accept messages; recorded ones are sent later

`code` is a stable identifier for programs; `str(error)` is a sentence for people that says what to do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any


class PetriError(Exception):
    """Something went wrong; the message says what and what to do."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        """`message`: a sentence for people. `code`: the identifier, when it differs from the class's."""
        super().__init__(message or (self.__doc__ or "").strip())
        if code is not None:
            self.code = code


class Refused(PetriError):
    """The request is not allowed as it stands."""

    status = 400
    code = "refused"

    @property
    def fields(self) -> Mapping[str, Any]:
        """What the response holds beside the error's own fields."""
        return {}


class BadRequest(Refused):
    """A parameter is missing, doubled or not in the expected form."""

    status = 400
    code = "bad_request"


class Unauthorized(Refused):
    """This call needs a valid token in the Authorization header."""

    status = 401
    code = "unauthorized"


class Forbidden(Refused):
    """You are not allowed to read or change this."""

    status = 403
    code = "forbidden"


class NoNetwork(Forbidden):
    """There is no network left for this participant; go on to the questionnaire."""

    code = "no_network"


class StudyFull(Forbidden):
    """This study is full: all of its places are taken. Thank you for your interest."""

    code = "study_full"


class NotFound(Refused):
    """There is no such record."""

    status = 404
    code = "not_found"


class TooLarge(Refused):
    """What was sent is larger than the limit."""

    status = 413
    code = "too_large"


class UnsupportedMedia(Refused):
    """The body comes in a form that isn't read, such as compressed."""

    status = 415
    code = "unsupported_encoding"


class Unprocessable(Refused):
    """This request id was used before with another body; send a new id."""

    status = 422
    code = "request_id_reused"


class AnswersRefused(Refused):
    """Some answers aren't valid."""

    status = 422
    code = "answers_refused"

    def __init__(self, items: Mapping[str, str]) -> None:
        """`items`: for each item that is refused, a sentence for the participant."""
        super().__init__("Please correct the marked answers.")
        self.items = dict(items)

    @property
    def fields(self) -> Mapping[str, Any]:
        """The reasons, by item."""
        return {"items": self.items}


class InvalidField(Refused):
    """A field isn't valid."""

    status = 422
    code = "invalid_field"

    def __init__(self, field: str, problem: str) -> None:
        """`problem`: what is wrong, as the rest of a sentence that begins with the field's name."""
        super().__init__(f"{field} {problem}.")
        self.field = field

    @property
    def fields(self) -> Mapping[str, Any]:
        """The name of the field."""
        return {"field": self.field}


class InvalidState(Refused):
    """The record's state doesn't allow this change."""

    status = 409
    code = "invalid_state"


class MessageRefused(Refused):
    """A message to a live page isn't valid."""

    status = 422
    code = "message_refused"


class Busy(Refused):
    """Too many participants are acting at once; retry the same request in a moment."""

    status = 503
    code = "busy"

    def __init__(self, message: str = "", *, code: str | None = None, retry_after: float = 1.0) -> None:
        """`retry_after`: seconds to wait before the retry."""
        super().__init__(message, code=code)
        self.retry_after = retry_after


class TooManyTries(Busy):
    """Too many requests of this kind came from one address; retry the same request later."""

    status = 429
    code = "too_many_tries"


class NetworkBusy(Busy):
    """The person ahead of you is still working; your turn comes as soon as they have answered."""

    code = "network_busy"


class RuleBroken(PetriError):
    """The model doesn't allow this; the message names the rule."""

    code = "rule_broken"


class Conflict(PetriError):
    """Another request changed the same records first; the operation is retried."""

    status = 503
    code = "conflict"


class CommitTooLarge(PetriError):
    """One request changes more existing records than one commit can write (100)."""

    code = "commit_too_large"


class ConfigError(PetriError):
    """The settings of the experiment are invalid; each problem names key, file and line."""

    code = "config_error"


class ExperimentError(PetriError):
    """The experiment's folder or code can't be used as it is."""

    code = "experiment_error"


class VendorError(PetriError):
    """A recruiter or cloud service refused the call or didn't answer; the call can be retried."""

    code = "vendor_error"


class VendorRefused(VendorError):
    """The recruiter refused the call permanently; the message says what has to be changed."""

    code = "vendor_refused"


class VendorUnreachable(VendorError):
    """The recruiter didn't answer or asked for a retry later; whether the call took effect is unknown."""

    code = "vendor_unreachable"


class NotSettled(VendorUnreachable):
    """The recruiter can't report yet whether it has paid; the payment is checked again later."""

    code = "not_settled"

    def __init__(self, message: str = "", *, again: datetime) -> None:
        """`again`: the time from which the recruiter can report it."""
        super().__init__(message)
        self.again = again


class Unsent(VendorUnreachable):
    """The queue didn't accept some messages; the clock sends the recorded ones within minutes."""

    code = "unsent"

    def __init__(self, message: str = "", *, keys: Collection[tuple[str, str]] = ()) -> None:
        """`keys`: the keys of these messages."""
        super().__init__(message)
        self.keys = frozenset(keys)


class HookExit(PetriError):
    """The experiment's own code tried to end the process, which serves other requests too; raise an error."""

    code = "hook_exit"


class Interrupted(KeyboardInterrupt):
    """A real Ctrl-C, raised by the command line to distinguish it from a KeyboardInterrupt in a hook."""


class _ErrorsOnly:
    """A stateless context manager that each request enters; a class is faster than a generator."""

    def __enter__(self) -> None:
        """Enter the block."""

    def __exit__(
        self, kind: type[BaseException] | None, ending: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Replace SystemExit and KeyboardInterrupt by HookExit."""
        if not isinstance(ending, (SystemExit, KeyboardInterrupt)) or isinstance(ending, Interrupted):
            return
        exit_call = f"{type(ending).__name__}({ending})"
        raise HookExit(
            f"The experiment's code raised {exit_call}, which would end the process for all "
            "participants; raise an error instead."
        ).with_traceback(trace) from ending


_errors_only = _ErrorsOnly()


def errors_only() -> _ErrorsOnly:
    """Return a context manager that turns exits of the process into errors while an author's code runs.

    `except Exception` catches neither `sys.exit` nor KeyboardInterrupt: one line in a hook would end the run
    for all participants, and again after each restart.
    """
    return _errors_only
