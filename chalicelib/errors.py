"""Every error that Petri raises on purpose, as one small tree.

    PetriError                      status 500, something is wrong on our side
    |-- Refused                     a request or call that the rules don't allow (4xx)
    |   |-- BadRequest              400  a parameter is missing, doubled or ill-formed
    |   |-- Unauthorized            401  no valid token
    |   |-- Forbidden               403  not yours, or no longer allowed
    |   |   `-- NoNetwork           403  nothing is left for this participant
    |   |-- NotFound                404
    |   |-- TooLarge                413  contents or body above a limit
    |   |-- UnsupportedMedia        415  a compressed body
    |   |-- Unprocessable           422  a request id used again for something else
    |   `-- Busy                    503  try again in a moment; carries `retry_after`
    |       `-- NetworkBusy         503  the person ahead hasn't answered yet
    |-- RuleBroken                  an author's code asked for something the model forbids
    |-- Conflict                    a commit lost a race; the operation is run again, never shown
    |-- ConfigError                 the experiment's settings are wrong
    |-- HookExit                    an author's code tried to end the program
    |-- ExperimentError             the author's folder or code is wrong
    `-- VendorError                 a recruiter or cloud service refused or didn't answer
        |-- VendorRefused           a final no: it won't work again without a change
        `-- VendorUnreachable       no answer, or "later": whether it happened isn't known
            |-- NotSettled          the recruiter can say so at a moment it knows
            `-- Unsent              messages that the queue didn't take; what is recorded is sent later

`code` is a stable word for programs, `str(error)` a sentence for people that says what to do.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from types import TracebackType


class PetriError(Exception):
    """Something went wrong; the message says what and what to do."""

    status = 500
    code = "internal_error"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        """Take a sentence for people and, where it differs from the class's, a word for programs."""
        super().__init__(message or (self.__doc__ or "").strip())
        if code is not None:
            self.code = code


class Refused(PetriError):
    """The request is not allowed as it stands."""

    status = 400
    code = "refused"


class BadRequest(Refused):
    """A parameter is missing, doubled or not in the expected form."""

    status = 400
    code = "bad_request"


class Unauthorized(Refused):
    """This call needs a valid token in the Authorization header."""

    status = 401
    code = "unauthorized"


class Forbidden(Refused):
    """This isn't yours to read or change."""

    status = 403
    code = "forbidden"


class NoNetwork(Forbidden):
    """There is no network left for this participant; go on to the questionnaire."""

    code = "no_network"


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


class Busy(Refused):
    """Many people act at this moment; the same request will work in a moment."""

    status = 503
    code = "busy"

    def __init__(self, message: str = "", *, code: str | None = None, retry_after: float = 1.0) -> None:
        """`retry_after`: seconds to wait before asking again."""
        super().__init__(message, code=code)
        self.retry_after = retry_after


class TooManyTries(Busy):
    """Too many requests of this kind came from one address; the same request will work after a while."""

    status = 429
    code = "too_many_tries"


class NetworkBusy(Busy):
    """The person ahead of you is still working; your turn comes as soon as they have answered."""

    code = "network_busy"


class RuleBroken(PetriError):
    """The model doesn't allow this; the message names the rule."""

    code = "rule_broken"


class Conflict(PetriError):
    """Somebody else changed the same records first; the operation is run again."""

    status = 503
    code = "conflict"


class CommitTooLarge(PetriError):
    """One request changes more existing records than can be written at one moment (100)."""

    code = "commit_too_large"


class ConfigError(PetriError):
    """The settings of the experiment are wrong; each problem names key, file and line."""

    code = "config_error"


class ExperimentError(PetriError):
    """The experiment's folder or code can't be used as it is."""

    code = "experiment_error"


class VendorError(PetriError):
    """A recruiter or cloud service refused the call or didn't answer; the call can be repeated."""

    code = "vendor_error"


class VendorRefused(VendorError):
    """The recruiter refused the call for good; the message says what has to be changed."""

    code = "vendor_refused"


class VendorUnreachable(VendorError):
    """The recruiter didn't answer or asked to come later; whether it happened isn't known."""

    code = "vendor_unreachable"


class NotSettled(VendorUnreachable):
    """The recruiter can't say yet whether it has paid; it is asked again when it can."""

    code = "not_settled"

    def __init__(self, message: str = "", *, again: datetime) -> None:
        """`again`: from when on it can say."""
        super().__init__(message)
        self.again = again


class Unsent(VendorUnreachable):
    """The queue didn't take some messages; what is recorded is sent by the clock, within minutes."""

    code = "unsent"

    def __init__(self, message: str = "", *, keys: Collection[tuple[str, str]] = ()) -> None:
        """`keys`: which messages they are."""
        super().__init__(message)
        self.keys = frozenset(keys)


class HookExit(PetriError):
    """The experiment's own code tried to end the program, which serves others too; raise an error instead."""

    code = "hook_exit"


class Interrupted(KeyboardInterrupt):
    """A real Ctrl-C: the command line raises it, so that one which a hook raises can be told from it."""


class _ErrorsOnly:
    """A context manager without state, which each request enters: a class costs less than a generator."""

    def __enter__(self) -> None:
        """Begin to watch."""

    def __exit__(
        self, kind: type[BaseException] | None, ending: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise HookExit in place of an ending."""
        if not isinstance(ending, (SystemExit, KeyboardInterrupt)) or isinstance(ending, Interrupted):
            return
        said = f"{type(ending).__name__}({ending})"
        raise HookExit(
            f"The experiment's code raised {said}, which would end the program for everybody; raise an error "
            "instead."
        ).with_traceback(trace) from ending


_errors_only = _ErrorsOnly()


def errors_only() -> _ErrorsOnly:
    """Turn what would end the process into an error, while the block calls an author's code.

    `sys.exit` and KeyboardInterrupt pass every `except Exception`: one line in a hook would end the run for
    everybody, and again after each restart.
    """
    return _errors_only
