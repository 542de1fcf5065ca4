"""Adds to moto's Lambda settings for recursive loops, quotas, and correct versions and aliases.

At AWS each alias and version has its own policy, a mapping names the alias that it calls, version numbers are
never reused, and a version that an alias points to can't be deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from moto.awslambda import urls
from moto.awslambda.exceptions import (
    InvalidParameterValueException,
    LambdaClientError,
    UnknownFunctionException,
)
from moto.awslambda.models import LambdaBackend, LambdaStorage, lambda_backends
from moto.awslambda.policy import Policy
from moto.awslambda.responses import LambdaResponse
from moto.core.models import DEFAULT_ACCOUNT_ID

RECURSION = r"{0}/(?P<api_version>[^/]+)/functions/(?P<function_name>[\w_:%-]+)/recursion-config$"
SETTINGS = r"{0}/(?P<api_version>[^/]+)/account-settings/?$"
#: Lambda's default for recursive loops.
TERMINATE = "Terminate"
#: The concurrency of an account that isn't new.
CONCURRENCY = 1000

Answer = tuple[int, dict[str, str], str]


class VersionInUse(LambdaClientError):
    """An alias points to the version that is to be deleted."""

    code = 409

    def __init__(self, message: str) -> None:
        super().__init__("ResourceConflictException", message)


class ConcurrencyLimits:
    """The account's concurrency; like all state here, it belongs to the process."""

    concurrency = CONCURRENCY


@contextmanager
def functions() -> Iterator[None]:
    """Make moto's Lambda handle further operations, for the block."""
    with ExitStack() as patches:
        patches.enter_context(patch.dict(urls.url_paths, {RECURSION: _recursion, SETTINGS: _settings}))
        patches.enter_context(_versions())
        patches.enter_context(_mappings())
        patches.enter_context(
            patch.multiple(LambdaBackend, add_permission=_add_permission, get_policy=_get_policy)
        )
        yield


@contextmanager
def _versions() -> Iterator[None]:
    """Compare code before it is published, number versions like AWS, and keep used versions."""
    publish, answer = LambdaStorage.publish_version, LambdaResponse.publish_version

    def publish_numbered(self: Any, name_or_arn: str, description: str = "") -> Any:
        function = self.get_function_by_name_or_arn_forbid_qualifier(name_or_arn)
        versions = self._functions[function.function_name]["versions"]
        before = len(versions)
        version: Any = publish(self, name_or_arn, description)
        if len(versions) > before:
            function.last_version = getattr(function, "last_version", 0) + 1
            del self._arns[version.function_arn]
            version.set_version(function.last_version)
            self._arns[version.function_arn] = version
        return version

    def publish_compared(self: Any) -> Any:
        name = unquote(self.path.split("/")[-2])
        expected = json.loads(self.body or "{}").get("CodeSha256")
        current_hash = self.backend.get_function(name).code_sha_256
        if expected and expected != current_hash:
            text = (
                f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({current_hash})."
            )
            raise InvalidParameterValueException(text)
        return answer(self)

    with (
        patch.object(LambdaStorage, "publish_version", publish_numbered),
        patch.object(LambdaResponse, "publish_version", publish_compared),
        patch.object(LambdaStorage, "del_function", _deleted(LambdaStorage.del_function)),
    ):
        yield


def _deleted(delete: Any) -> Any:
    def delete_unused(self: Any, name_or_arn: str, qualifier: str | None = None) -> None:
        if qualifier is not None:
            aliases = self._get_function_aliases(name_or_arn).values()
            used = [alias.name for alias in aliases if alias.function_version == qualifier]
            if used:
                raise VersionInUse(f"Version {qualifier} is used by the alias {used[0]}.")
        else:
            # moto reuses a number after a deletion, and then doesn't find the other version by its ARN.
            function = self.get_function_by_name_or_arn_with_qualifier(name_or_arn)
            for version in self._functions[function.function_name]["versions"]:
                self._arns[version.function_arn] = version
        delete(self, name_or_arn, qualifier)

    return delete_unused


@contextmanager
def _mappings() -> Iterator[None]:
    """Make a mapping name its alias instead of the version behind it."""
    create, update = LambdaBackend.create_event_source_mapping, LambdaBackend.update_event_source_mapping

    def create_named(self: Any, spec: Any) -> Any:
        mapping = create(self, spec)
        mapping.function_arn = _as_named(self, spec["FunctionName"])
        return mapping

    def update_named(self: Any, uuid: str, spec: Any) -> Any:
        mapping: Any = update(self, uuid, spec)
        if mapping is not None and "FunctionName" in spec:
            mapping.function_arn = _as_named(self, spec["FunctionName"])
        return mapping

    with patch.multiple(
        LambdaBackend, create_event_source_mapping=create_named, update_event_source_mapping=update_named
    ):
        yield


def _as_named(backend: Any, name_or_arn: str) -> str:
    """Return the ARN of the named function or alias."""
    name, _, qualifier = name_or_arn.rsplit(":function:", maxsplit=1)[-1].partition(":")
    arn = str(backend.get_function(name).function_arn)
    return f"{arn}:{qualifier}" if qualifier else arn


def _add_permission(self: Any, function_name: str, qualifier: str | None, raw: str) -> dict[str, Any]:
    policy = _policy(self, function_name, qualifier)
    statement, _ = policy.add_statement(
        raw, qualifier or function_name.rsplit(":function:", maxsplit=1)[-1].partition(":")[2]
    )
    return dict(statement)


def _get_policy(self: Any, function_name: str, qualifier: str | None = None) -> str:
    return _policy(self, function_name, qualifier).wire_format()


def _policy(backend: Any, function_name: str, qualifier: str | None) -> Policy:
    """Return the policy of a function, or of one of its aliases or versions."""
    reference = function_name.rsplit(":function:", maxsplit=1)[-1].partition(":")
    function_name, qualifier = reference[0], qualifier or reference[2] or None
    backend.get_function(function_name, qualifier)
    function = backend.get_function(function_name)
    if qualifier is None:
        policy: Policy = function.policy
        return policy
    policies: dict[str, Policy] = function.__dict__.setdefault("policies", {})
    return policies.setdefault(qualifier, Policy(function))


def _recursion(request: Any, full_url: str, headers: Any) -> Answer:
    """Handle GetFunctionRecursionConfig and PutFunctionRecursionConfig."""
    del headers
    name = unquote(urlsplit(full_url).path.split("/")[3])
    backend = lambda_backends[DEFAULT_ACCOUNT_ID][_region(request)]
    try:
        function: Any = backend.get_function(name)
    except UnknownFunctionException:
        return 404, {"x-amzn-errortype": "ResourceNotFoundException"}, json.dumps({"Message": name})
    if request.method == "PUT":
        function.recursive_loop = json.loads(request.data)["RecursiveLoop"]
    return 200, {}, json.dumps({"RecursiveLoop": getattr(function, "recursive_loop", TERMINATE)})


def _settings(request: Any, full_url: str, headers: Any) -> Answer:
    """Handle GetAccountSettings."""
    del request, full_url, headers
    allowed = ConcurrencyLimits.concurrency
    limits = {"ConcurrentExecutions": allowed, "UnreservedConcurrentExecutions": allowed}
    return 200, {}, json.dumps({"AccountLimit": limits, "AccountUsage": {"FunctionCount": 0}})


def _region(request: Any) -> str:
    return str(request.headers["Authorization"].split("/")[2])
