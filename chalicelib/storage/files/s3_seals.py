"""Keeps the seals of the audit log in a bucket with object lock.

    seals/<run>/<number>.json    a seal; `run` differs between apps of one name that were deployed in turn

The first version of a seal counts. Object lock protects it, so neither a later version nor a delete marker,
which hides a seal from plain reads, changes what is read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.ports import Seal

from .seal_documents import name_of, number_in, read_seal, write_seal

PREFIX: Final = "seals/"
_SERVER_ERROR: Final = 500
#: The object exists, or another writer creates it at this moment.
_KEPT_ALREADY: Final = {"PreconditionFailed", "ConditionalRequestConflict"}


def run_of(secret: str) -> str:
    """Return the name of a run in the bucket, from the secret that the run keeps as long as it exists."""
    return hashlib.sha256(f"petri seals {secret}".encode()).hexdigest()[:16]


class S3Seals:
    """A seal store in a bucket, whose default retention locks each object."""

    def __init__(self, bucket: Callable[[], str], run: Callable[[], str], client: Callable[[], Any]) -> None:
        """`bucket`: returns its name; `run`: returns `run_of`; `client`: returns a client of S3."""
        self._bucket = bucket
        self._run = run
        self._client = client

    def keep(self, seal: Seal) -> None:
        """Keep a seal; a number that is kept already stays as it is."""
        with _plain_errors(*_KEPT_ALREADY):
            self._client().put_object(
                Bucket=self._bucket(),
                Key=self._prefix() + name_of(seal.number),
                Body=write_seal(seal),
                ContentType="application/json",
                # Buckets with object lock require a checksum.
                ChecksumAlgorithm="SHA256",
                IfNoneMatch="*",
            )

    def read(self, number: int) -> Seal | None:
        """Return a kept seal; None for a number that isn't kept."""
        key = self._prefix() + name_of(number)
        versions = list(self._versions(key))
        if not versions:
            return None
        first = min(versions, key=lambda version: version["LastModified"])
        with _plain_errors():
            found = self._client().get_object(Bucket=self._bucket(), Key=key, VersionId=first["VersionId"])
            return read_seal(found["Body"].read())

    def last_number(self) -> int:
        """Return the highest number that is kept; 0 for none."""
        prefix = self._prefix()
        names = (version["Key"].removeprefix(prefix) for version in self._versions(prefix))
        return max(map(number_in, names), default=0)

    def _prefix(self) -> str:
        return f"{PREFIX}{self._run()}/"

    def _versions(self, prefix: str) -> Iterator[dict[str, Any]]:
        # Without a bucket no seal was kept: one with locked seals can't be deleted.
        with _plain_errors("NoSuchBucket"):
            pages = self._client().get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self._bucket(), Prefix=prefix):
                # S3 lists the newest version of a key first, and times have seconds only.
                yield from reversed(page.get("Versions", ()))


@contextmanager
def _plain_errors(*expected: str) -> Iterator[None]:
    """Turn errors of botocore into Petri's, and suppress those with an expected code."""
    # Lazy import: it is installed wherever S3 is used.
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in expected:
            return
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVER_ERROR) >= _SERVER_ERROR:
            raise VendorUnreachable("S3 didn't answer a call for a seal of the audit log.") from error
        raise VendorRefused(f"S3 refused a call for a seal of the audit log ({code}).") from error
    except BotoCoreError as error:
        raise VendorUnreachable("S3 didn't answer a call for a seal of the audit log.") from error
