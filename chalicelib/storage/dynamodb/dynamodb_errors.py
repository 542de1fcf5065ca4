"""Translates DynamoDB's errors to Petri's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import CancellationReason, PynamoDBException, VerboseClientError

from chalicelib.errors import Busy, Conflict, PetriError, TooLarge, VendorError

CONDITION_FAILED = "ConditionalCheckFailedException"
#: Another request was first or is in progress, possibly our own transaction.
CONFLICTS = frozenset(
    {
        CONDITION_FAILED,
        "ConditionalCheckFailed",
        "TransactionConflictException",
        "TransactionConflict",
        "TransactionInProgressException",
    }
)
#: The table, a partition or the account is at its limit, and botocore's own retries were not enough.
THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "ThrottlingException",
        "ThrottlingError",
    }
)
INVALID = frozenset({"ValidationException", "ValidationError"})
#: DynamoDB's messages for an item above 400 KB, in each of its calls.
TOO_LARGE_WORDS = ("item size has exceeded", "item size to update has exceeded")


@contextmanager
def translated(table: str) -> Iterator[None]:
    """Translate DynamoDB's errors in this block to Conflict, Busy, TooLarge or VendorError."""
    try:
        yield
    except (PynamoDBException, ClientError, BotoCoreError) as error:
        raise translate(error, table) from error


def translate(error: Exception, table: str) -> PetriError:
    """Return Petri's error for an error of PynamoDB or botocore."""
    cause = error.cause if isinstance(error, PynamoDBException) and error.cause is not None else error
    if not isinstance(cause, ClientError):
        return VendorError(f"DynamoDB didn't answer for table {table}: {cause} The call can be retried.")
    details = cause.response.get("Error", {})
    reasons = [(str(details.get("Code", "")), str(details.get("Message", "")))]
    reasons += [(reason.code, reason.message or "") for reason in reasons_of(cause)]
    return _translate_words(reasons, cause, table)


def reasons_of(cause: ClientError) -> list[CancellationReason]:
    """Return why a transaction was cancelled; empty for other errors."""
    if not isinstance(cause, VerboseClientError):
        return []
    return [reason for reason in cause.cancellation_reasons if reason is not None]


def _translate_words(reasons: list[tuple[str, str]], cause: ClientError, table: str) -> PetriError:
    codes = {code for code, _ in reasons}
    if codes & CONFLICTS:
        return Conflict()
    if codes & THROTTLED:
        return Busy("The database is at its limit; retry the same request in a moment.")
    if any(code in INVALID and message.lower().startswith(TOO_LARGE_WORDS) for code, message in reasons):
        return TooLarge("One record exceeds the limit of 400 KB; send less.")
    if "ResourceNotFoundException" in codes:
        return VendorError(f"There is no DynamoDB table {table} in this region and account; deploy first.")
    return VendorError(f"DynamoDB refused a call on table {table}: {cause}")
