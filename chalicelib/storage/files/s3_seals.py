"""Keeps the seals of the audit log in a bucket with object lock, in which nothing can be changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from chalicelib.errors import VendorRefused, VendorUnreachable
from chalicelib.ports import Seal

from .seal_documents import name_of, number_in, read_seal, write_seal

PREFIX: Final = "seals/"
_PASSING: Final = 500
_GONE: Final = {"404", "NoSuchKey", "NotFound"}
#: The object exists, or another writer creates it at this moment.
_KEPT_ALREADY: Final = {"PreconditionFailed", "ConditionalRequestConflict"}


class S3Seals:
    """A seal store in a bucket, whose default retention locks each object."""

    def __init__(self, bucket: Callable[[], str], client: Callable[[], Any]) -> None:
        """`bucket`: returns its name; `client`: returns a client of S3."""
        self._bucket = bucket
        self._client = client

    def keep(self, seal: Seal) -> None:
        """Keep a seal; a number that is kept already stays as it is."""
        with _plain_errors(*_KEPT_ALREADY):
            self._client().put_object(
                Bucket=self._bucket(),
                Key=PREFIX + name_of(seal.number),
                Body=write_seal(seal),
                ContentType="application/json",
                # Buckets with object lock require a checksum.
                ChecksumAlgorithm="SHA256",
                IfNoneMatch="*",
            )

    def read(self, number: int) -> Seal | None:
        """Return a kept seal; None for a number that isn't kept."""
        document = b""
        with _plain_errors(*_GONE):
            found = self._client().get_object(Bucket=self._bucket(), Key=PREFIX + name_of(number))
            document = found["Body"].read()
        return read_seal(document)

    def last_number(self) -> int:
        """Return the highest number that is kept; 0 for none."""
        last = 0
        with _plain_errors():
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket(), Prefix=PREFIX):
                for found in page.get("Contents", ()):
                    last = max(last, number_in(found["Key"].removeprefix(PREFIX)))
        return last


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
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _PASSING) >= _PASSING:
            raise VendorUnreachable("S3 didn't answer; the seal is kept with the next one.") from error
        raise VendorRefused(f"S3 refused a call for a seal of the audit log ({code}).") from error
    except BotoCoreError as error:
        raise VendorUnreachable("S3 didn't answer; the seal is kept with the next one.") from error
