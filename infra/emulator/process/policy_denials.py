"""Refuses what a policy denies explicitly, as AWS does whatever another statement allows.

A function calls with its own name as the access key, and the policies of its role are those that the deploy
has put there. Only the conditions that Petri's policies use are evaluated; another one is an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final

from moto.awslambda.models import lambda_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends

from infra.aws.account.policies import actions_of

from .cloud import OPERATOR
from .request_names import Call

_LEADING_KEYS: Final = ("ForAnyValue:StringLike", "dynamodb:LeadingKeys")
_PARTITION_KEY: Final = "pk"


def denial(call: Call) -> str | None:
    """Return AWS's message if a policy of the calling function denies the call; None for other callers."""
    if call.caller == OPERATOR:
        return None
    return next((text for policy in policies_of(call) if (text := denied_by(policy, call))), None)


def policies_of(call: Call) -> Iterator[Mapping[str, Any]]:
    """Yield the policies of the role of the function that makes a call; none for another caller."""
    backend = lambda_backends[DEFAULT_ACCOUNT_ID][call.region]
    function = next((one for one in backend.list_functions() if one.function_name == call.caller), None)
    if function is None:
        return
    for roles in iam_backends[DEFAULT_ACCOUNT_ID].values():
        for role in roles.roles.values():
            if role.arn == function.role:
                yield from map(_parsed, role.policies.values())


def denied_by(policy: Mapping[str, Any], call: Call) -> str | None:
    """Return AWS's message if a statement of a policy denies a part of a call."""
    for statement in policy["Statement"]:
        if statement["Effect"] != "Deny":
            continue
        for action, leading_key in _parts(call):
            if _names(statement["Action"], action) and _holds(statement.get("Condition", {}), leading_key):
                return f"{call.caller} is not authorized to perform: {action} with an explicit deny"
    return None


def _parts(call: Call) -> Iterator[tuple[str, str]]:
    """Yield the actions of a call, each with the partition key of its item; "" where it names none."""
    parts = call.parameters.get("TransactItems")
    if not isinstance(parts, list):
        for action in actions_of(call.service, call.operation, call.parameters):
            yield action, _partition(call.parameters)
        return
    for part in parts:
        for action in actions_of(call.service, call.operation, {"TransactItems": [part]}):
            yield action, _partition(next(iter(part.values())))


def _partition(fields: Mapping[str, Any]) -> str:
    key = fields.get("Key") or fields.get("Item") or {}
    return str(key.get(_PARTITION_KEY, {}).get("S", "")) if isinstance(key, Mapping) else ""


def _holds(conditions: Mapping[str, Mapping[str, Any]], leading_key: str) -> bool:
    for operator, tests in conditions.items():
        for name, patterns in tests.items():
            if (operator, name) != _LEADING_KEYS:
                raise ValueError(f"The emulator can't evaluate the condition {operator} of {name}; add it.")
            if not leading_key or not _names(patterns, leading_key):
                return False
    return True


def _names(patterns: str | Iterable[str], value: str) -> bool:
    listed = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatchcase(value, pattern) for pattern in listed)


@lru_cache(maxsize=64)
def _parsed(text: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(text)
    return document
