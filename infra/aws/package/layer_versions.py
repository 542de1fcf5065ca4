"""Publishes the layer with the packages for sign-in, and deletes its versions that no function uses.

A version of a layer never changes. A published version of a function keeps its layer, so the alias and a
rollback switch both at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.aws.account.aws_errors import is_gone
from infra.aws.account.names import API, Names
from infra.aws.account.session import Account
from infra.packaging.lambda_python import runtime

#: The platform for which Chalice builds packages.
_ARCHITECTURE: Final = "x86_64"


class LayerVersions:
    """The versions of an app's layer."""

    def __init__(self, account: Account, names: Names) -> None:
        """Open the layer of an app in the account."""
        self._names = names
        self._lambda = account.client("lambda")

    def ensure(self, layer: Path) -> str:
        """Return the ARN of the version with these bytes; it is published if there is none."""
        content = layer.read_bytes()
        mark = f"sha256 {hashlib.sha256(content).hexdigest()}"
        for version in self._versions():
            if version.get("Description") == mark:
                return str(version["LayerVersionArn"])
        published = self._lambda.publish_layer_version(
            LayerName=self._names.layer,
            Description=mark,
            Content={"ZipFile": content},
            CompatibleRuntimes=[runtime()],
            CompatibleArchitectures=[_ARCHITECTURE],
        )
        return str(published["LayerVersionArn"])

    def exist(self) -> bool:
        """Whether the layer has a version."""
        return any(True for _ in self._versions())

    def prune(self) -> int:
        """Delete the versions that no version of the function uses; return how many were deleted."""
        versions = list(self._versions())
        used = self._used() if versions else set()
        unused = [one for one in versions if one["LayerVersionArn"] not in used]
        for one in unused:
            self._delete(one)
        return len(unused)

    def delete(self) -> int:
        """Delete all versions; return how many there were."""
        versions = list(self._versions())
        for one in versions:
            self._delete(one)
        return len(versions)

    def _delete(self, version: dict[str, Any]) -> None:
        self._lambda.delete_layer_version(LayerName=self._names.layer, VersionNumber=version["Version"])

    def _versions(self) -> Iterator[dict[str, Any]]:
        pages = self._lambda.get_paginator("list_layer_versions").paginate(LayerName=self._names.layer)
        try:
            for page in pages:
                yield from page["LayerVersions"]
        except ClientError as error:
            if not is_gone(error):
                raise

    def _used(self) -> set[str]:
        name = self._names.function(API)
        pages = self._lambda.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        return {
            str(layer["Arn"])
            for page in pages
            for function in page["Versions"]
            for layer in function.get("Layers", ())
        }
