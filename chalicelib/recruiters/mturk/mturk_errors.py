"""Translates Mechanical Turk's and AWS's errors into permanent and transient ones.

Mechanical Turk refuses a request with RequestError and a TurkErrorCode such as
AWS.MechanicalTurk.HITDoesNotExist, and returns ServiceFault for a request that it can't carry out at the
moment.
"""

from __future__ import annotations

import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from chalicelib.errors import VendorError, VendorRefused, VendorUnreachable

_SERVER_ERROR = 500
_THROTTLED = frozenset(
    {"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
)
_KEYS_UNKNOWN = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
    }
)
_NOT_ALLOWED = frozenset({"AccessDeniedException", "AccessDenied"})
#: Operations that change nothing.
_READS = ("get_", "list_")
_KEYS = "set aws_access_key_id and aws_secret_access_key to those of the requester's account."

#: The time in milliseconds at the end of each of its messages; `s` stands for the sandbox.
_STAMP = re.compile(r"\s*\(\d+(?: s)?\)$")
#: The fix for a refusal, by the last part of its code.
_FIXES = {
    "InsufficientFunds": (
        "The requester's account at Mechanical Turk doesn't hold enough money; add money there, then release "
        "the payment or recruit again."
    ),
    "HITDoesNotExist": "Mechanical Turk knows no such HIT; check its id, and whether it is in the sandbox.",
    "AssignmentDoesNotExist": (
        "Mechanical Turk knows no such assignment; check whether it was made in the sandbox."
    ),
    "QualificationTypeDoesNotExist": (
        "Mechanical Turk knows no such qualification; check its id, or use its name with --by-name."
    ),
    "WorkerDoesNotExist": "Mechanical Turk knows no such worker; check the id.",
    "QualificationDoesNotExist": "This worker doesn't have this qualification; there is nothing to revoke.",
}
#: Error codes for an id without an assignment, including ids that Mechanical Turk can't have issued.
_NO_ASSIGNMENT = frozenset(
    {"AssignmentDoesNotExist", "ParamValidation", "ParameterValidation", "ValidationException"}
)
#: Messages of Mechanical Turk about a token with which it has already carried out a request.
_REPEATED = ("already been processed", "already exists", "already been used", "duplicate")


class TurkRefused(VendorRefused):
    """Mechanical Turk refused a request; `reason` is the last part of its code."""

    def __init__(self, message: str, reason: str = "", vendor_message: str = "") -> None:
        """`vendor_message`: Mechanical Turk's own message."""
        super().__init__(message)
        self.reason = reason
        self.vendor_message = vendor_message

    @property
    def knows_no_assignment(self) -> bool:
        """Whether there is no assignment with the requested id."""
        return self.reason in _NO_ASSIGNMENT

    @property
    def is_repeat(self) -> bool:
        """Whether the request was already carried out: the token was repeated within 24 hours.

        See "Use request tokens" in Amazon's Mechanical Turk Requester guide: the response is an error.
        """
        words = self.vendor_message.lower()
        return self.reason in ("HitAlreadyExists", "HITAlreadyExists") or any(it in words for it in _REPEATED)


def translated(error: ClientError | BotoCoreError, operation: str, worker: str = "") -> VendorError:
    """Translate an error of AWS's client into Petri's, without worker ids, since it is logged."""
    if isinstance(error, ClientError):
        return _answered(error, operation, worker)
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return TurkRefused(f"There are no keys for Mechanical Turk; {_KEYS}", "NoCredentials")
    if isinstance(error, ParamValidationError):
        return TurkRefused(f"Mechanical Turk can't be asked for {operation}: {error}", "ParamValidation")
    if operation.startswith(_READS):
        return VendorUnreachable(
            f"Mechanical Turk gave no answer to {operation} ({type(error).__name__}). Nothing was changed; "
            "look again in a minute."
        )
    return VendorUnreachable(
        f"Mechanical Turk gave no answer to {operation} ({error}), so whether it happened isn't known; "
        "look, then try again."
    )


def _answered(error: ClientError, operation: str, worker: str) -> VendorError:
    about = error.response.get("Error", {})
    code = str(about.get("Code", ""))
    message = _STAMP.sub("", str(about.get("Message", "")))
    message = message.replace(worker, "the worker") if worker else message
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _THROTTLED:
        return VendorUnreachable("Mechanical Turk was asked too often at a time; try again in a minute.")
    if status >= _SERVER_ERROR or code == "ServiceFault":
        return VendorUnreachable(
            f"Mechanical Turk has trouble with {operation} itself ({message or code}); try again in a minute."
        )
    if code in _KEYS_UNKNOWN:
        return TurkRefused(f"Mechanical Turk doesn't know these keys ({message}); {_KEYS}", code, message)
    if code in _NOT_ALLOWED:
        fix = "allow them mechanicalturk:* in IAM, and link the AWS account with the requester's."
        return TurkRefused(
            f"These keys may not do {operation} at Mechanical Turk ({message}); {fix}", code, message
        )
    reason = str(error.response.get("TurkErrorCode", code)).rpartition(".")[2]
    return TurkRefused(_refusal(operation, reason, message), reason, message)


def _refusal(operation: str, reason: str, message: str) -> str:
    fix = _FIXES.get(reason, "Fix what it names, or do it by hand at requester.mturk.com.")
    return f"Mechanical Turk refused {operation}: {message} {fix}"
