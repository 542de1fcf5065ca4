"""Publishes versions of an app's functions and moves their alias together.

All triggers call the alias, never `$LATEST`, which a deploy updates function by function. So all functions
change at one moment, and can be rolled back.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from infra.aws.account import steps
from infra.aws.account.aws_errors import REFUSALS, code_of, is_gone, problem
from infra.aws.account.names import FUNCTIONS, Names
from infra.aws.account.session import Account
from infra.problems import OperatorProblem

#: The alias that all triggers call.
ALIAS: Final = "live"
#: Versions by function, with the names in FUNCTIONS.
Versions = Mapping[str, str]
Refusal = BotoCoreError | ClientError | ResponseParserError

_BUSY: Final = {"ResourceConflictException", "TooManyRequestsException"}
_TRIES, _BETWEEN = 40, 3.0


class Aliases:
    """The alias of each of an app's functions."""

    def __init__(self, account: Account, names: Names) -> None:
        """Open the aliases of an app in the account."""
        self._names = names
        self._lambda = account.client("lambda")

    def current(self) -> dict[str, str]:
        """Return the versions that are served; functions without the alias are omitted."""
        found = {function: self._served(function) for function in FUNCTIONS}
        return {function: version for function, version in found.items() if version is not None}

    def _served(self, function: str) -> str | None:
        try:
            found = self._lambda.get_alias(FunctionName=self._names.function(function), Name=ALIAS)
        except ClientError as error:
            if is_gone(error):
                return None
            raise
        return str(found["FunctionVersion"])

    def publish(self, package: Path, description: str) -> dict[str, str]:
        """Publish a version of every function with exactly this package, and return the versions.

        Raises OperatorProblem when a function has other code, because something else has changed it
        meanwhile.
        """
        digest = base64.b64encode(hashlib.sha256(package.read_bytes()).digest()).decode()
        for function in FUNCTIONS:
            name = self._names.function(function)
            for state in ("function_active_v2", "function_updated_v2"):
                self._lambda.get_waiter(state).wait(FunctionName=name)
        return {function: self._published(function, digest, description) for function in FUNCTIONS}

    def _published(self, function: str, digest: str, description: str) -> str:
        name = self._names.function(function)
        for attempt in range(_TRIES):
            try:
                response = self._lambda.publish_version(
                    FunctionName=name, CodeSha256=digest, Description=description
                )
            except ClientError as error:
                if code_of(error) == "InvalidParameterValueException":
                    raise OperatorProblem(
                        f"The function {name} has other code than was just uploaded: something else has "
                        "changed it. Run the command again."
                    ) from error
                if code_of(error) not in _BUSY or attempt == _TRIES - 1:
                    raise
                steps.pause(_BETWEEN)
            else:
                break
        version = str(response["Version"])
        self._lambda.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)
        return version

    def move(self, versions: Versions) -> None:
        """Point the alias of all functions at these versions at once.

        When one can't be moved, the others are moved back, and OperatorProblem says so, or names those that
        couldn't be.
        """
        before = self.current()
        failed = self._point(versions, versions)
        if not failed:
            return
        reason = problem(next(iter(failed.values())))
        left = [function for function in self._point(before, before) if function not in failed]
        if left:
            names = ", ".join(f"{self._names.function(one)} (version {versions[one]})" for one in left)
            raise OperatorProblem(
                f"{reason} These functions could not be moved back and serve the new release, the others "
                f"the one before: {names}. Run the same command again at once."
            )
        raise OperatorProblem(f"{reason} All functions serve what they served before.")

    def _point(self, versions: Versions, functions: Iterable[str]) -> dict[str, Refusal]:
        """Point aliases at versions, concurrently, and return the errors by function."""

        def point(function: str) -> Refusal | None:
            try:
                self._lambda.update_alias(
                    FunctionName=self._names.function(function),
                    Name=ALIAS,
                    FunctionVersion=versions[function],
                )
            except REFUSALS as error:
                return error
            return None

        wanted = list(functions)
        with ThreadPoolExecutor(max(1, len(wanted))) as pool:
            found = dict(zip(wanted, pool.map(point, wanted), strict=True))
        return {function: error for function, error in found.items() if error is not None}

    def exist(self, versions: Versions) -> list[str]:
        """Return the functions whose versions no longer exist."""
        gone = []
        for function, version in versions.items():
            try:
                self._lambda.get_function_configuration(
                    FunctionName=self._names.function(function), Qualifier=version
                )
            except ClientError as error:
                if not is_gone(error):
                    raise
                gone.append(self._names.function(function))
        return gone

    def prune(self, kept: Iterable[Versions]) -> int:
        """Delete every published version except these and the served ones; return how many were deleted."""
        deleted = 0
        wanted = [*kept, self.current()]
        for function in FUNCTIONS:
            name = self._names.function(function)
            stay = {each[function] for each in wanted if function in each} | {"$LATEST"}
            pages = self._lambda.get_paginator("list_versions_by_function").paginate(FunctionName=name)
            found = [str(one["Version"]) for page in pages for one in page["Versions"]]
            for version in found:
                if version not in stay:
                    self._lambda.delete_function(FunctionName=name, Qualifier=version)
                    deleted += 1
        return deleted
