"""Translates botocore's errors into OperatorProblem, with what is wrong and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from infra.problems import OperatorProblem

#: What botocore raises. The last one is for responses that don't come from AWS, such as a proxy's page.
REFUSALS = (BotoCoreError, ClientError, ResponseParserError)
_SIGN_IN = "sign in again (`aws sso login`), or renew the keys of your profile."
_UNKNOWN_KEYS = (
    "AWS doesn't know the keys that were used. Check AWS_PROFILE, ~/.aws/credentials and the clock of this "
    "machine; `aws sts get-caller-identity` has to work."
)
_MAKE_ROOM = (
    "Delete what isn't needed any more (`petri apps` lists the apps), or request an increase under Service "
    "Quotas."
)
_SIGN_UP = "Finish signing up at aws.amazon.com, or use another region."
NO_CREDENTIALS = (
    "No AWS credentials were found. Run `aws configure` (or `aws sso login`), or name a profile with "
    "--profile or AWS_PROFILE."
)
NO_REGION = "No AWS region is set. Give one with --region or AWS_REGION, such as us-east-1."
_UNREACHED = (
    "AWS can't be reached. Check the network, the region's name and AWS_ENDPOINT_URL, and run the "
    "command again: it continues where it stopped."
)
_NOT_AWS = (
    "The response can't be read: it doesn't come from AWS, or AWS has an outage. Check proxies and "
    "AWS_ENDPOINT_URL, and run the command again in a minute."
)
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_STRANGE_KEYS = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidSignatureException",
    "AuthFailure",
    "InvalidToken",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "AuthorizationErrorException",
    "UnauthorizedException",
    "Forbidden",
    "403",
}
_QUOTAS = re.compile(r"LimitExceeded|QuotaExceeded|TooManyBuckets|CodeStorageExceeded|^TooMany(?!Requests)")
_SLOWER = re.compile(r"Throttl|TooManyRequests|RequestLimitExceeded|SlowDown|ProvisionedThroughput")
_NOT_SIGNED_UP = {"OptInRequired", "SubscriptionRequiredException", "NotSignedUp"}
#: CloudFront's message for a new account, which has the error code of a missing right.
_UNVERIFIED = re.compile(r"account must be verified", re.IGNORECASE)
VERIFY_ACCOUNT = (
    "AWS verifies a new account before it can use CloudFront. Contact AWS Support (console: Support, "
    "Create case, Account and billing; it is free): 'Please verify my account for CloudFront. Creating a "
    "distribution is refused with: Your account must be verified before you can add new CloudFront "
    "resources.' The answer takes hours to two days."
)
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")


def code_of(error: BaseException) -> str:
    """Return AWS's error code; empty for any other error."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def is_gone(error: BaseException) -> bool:
    """Whether AWS says that the resource doesn't exist."""
    code = code_of(error)
    return code in {"404", "NoSuchBucket", "NoSuchKey", "NoSuchEntity", "ParameterNotFound"} or (
        "NotFound" in code or "NonExistent" in code or "NotExist" in code
    )


def is_denied(error: BaseException) -> bool:
    """Whether AWS says that the operator lacks a right."""
    return code_of(error) in _DENIED


@contextmanager
def plainly() -> Iterator[None]:
    """Raise OperatorProblem for botocore's errors in the block."""
    try:
        yield
    except REFUSALS as error:
        raise problem(error) from error


def problem(error: BotoCoreError | ClientError | ResponseParserError) -> OperatorProblem:
    """Translate a botocore error into plain words."""
    if isinstance(error, ResponseParserError):
        return OperatorProblem(_NOT_AWS)
    return OperatorProblem(_of_answer(error) if isinstance(error, ClientError) else _of_machine(error))


def _of_answer(error: ClientError) -> str:
    details: dict[str, Any] = dict(error.response.get("Error", {}))
    return explain(str(details.get("Code", "")), str(details.get("Message", "")), error.operation_name)


def explain(code: str, message: str, operation: str) -> str:
    """Translate AWS's error response; keys and signatures are never repeated."""
    if code in _EXPIRED:
        return f"Your AWS session has expired; {_SIGN_IN}"
    if code in _STRANGE_KEYS:
        return _UNKNOWN_KEYS
    if is_unverified(message):
        return VERIFY_ACCOUNT
    if code in _DENIED:
        return _denied(message, operation)
    return _of_state(code, _sentence(message), operation)


def is_unverified(message: str) -> bool:
    """Whether AWS refused because it hasn't verified the account yet."""
    return _UNVERIFIED.search(message) is not None


def _of_state(code: str, message: str, operation: str) -> str:
    """Translate an error that is caused by the state of the account."""
    if _SLOWER.search(code):
        return (
            f"AWS throttles this account's requests ({operation}). Wait a minute and run the command again."
        )
    if _QUOTAS.search(code):
        return f"A quota of the AWS account is reached ({operation}): {message} {_MAKE_ROOM}"
    if code in _NOT_SIGNED_UP:
        return f"The AWS account can't use this service yet ({operation}): {message} {_SIGN_UP}"
    return f"AWS refused {operation} ({code}): {message} Fix the cause and run the command again."


def _denied(message: str, operation: str) -> str:
    found = _ACTION.search(message)
    right = found.group(1) if found else operation
    return (
        f"Your AWS user has no right to {right}. Ask the account's administrator for it; docs/deploying.md "
        "lists all required rights."
    )


def _sentence(message: str) -> str:
    message = " ".join(message.split()).rstrip(". ")
    return f"{message}." if message else "no reason given."


def _of_machine(error: BotoCoreError) -> str:
    for kinds, text in _MACHINE:
        if isinstance(error, kinds):
            return text
    if isinstance(error, exceptions.ProfileNotFound):
        return f"{_sentence(str(error))} Give one that `aws configure list-profiles` shows."
    if isinstance(error, exceptions.HTTPClientError):
        return (
            "The connection to AWS was lost. Check the network and run the command again: it continues "
            "where it stopped."
        )
    return f"The request to AWS failed: {_sentence(str(error))} Run the command again."


_MACHINE: tuple[tuple[tuple[type[BotoCoreError], ...], str], ...] = (
    (
        (exceptions.NoCredentialsError, exceptions.PartialCredentialsError),
        NO_CREDENTIALS,
    ),
    (
        (
            exceptions.SSOTokenLoadError,
            exceptions.UnauthorizedSSOTokenError,
            exceptions.TokenRetrievalError,
            exceptions.CredentialRetrievalError,
        ),
        f"Your AWS session has expired; {_SIGN_IN}",
    ),
    (
        (exceptions.NoRegionError,),
        NO_REGION,
    ),
    (
        (exceptions.InvalidRegionError,),
        "This is not a valid AWS region. Give one with --region or AWS_REGION, such as us-east-1.",
    ),
    (
        (
            exceptions.EndpointConnectionError,
            exceptions.ConnectTimeoutError,
            exceptions.ProxyConnectionError,
        ),
        _UNREACHED,
    ),
)
