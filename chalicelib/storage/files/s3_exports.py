"""Keeps the files of export jobs in the app's own bucket; the bucket's lifecycle deletes them after a week.

    exports/<export>/<name>    a part, or the finished file

A file is uploaded in several parts, and is there when the last of them was accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

from chalicelib.errors import NotFound, VendorRefused, VendorUnreachable
from chalicelib.ports.files import LINKED_FOR

PREFIX: Final = "exports/"
#: S3 takes parts of 5 MB or more, but for the last one, and at most 10,000 of them.
PART_SIZE: Final = 8 << 20
_CHUNK: Final = 1 << 20
_GONE: Final = {"404", "NoSuchKey", "NotFound"}
_PASSING: Final = {"SlowDown", "RequestTimeout", "InternalError"}
_SERVER_ERROR: Final = 500
_ZIP: Final = "application/zip"


class S3Exports:
    """A store of exports in a bucket."""

    def __init__(self, bucket: Callable[[], str], client: Callable[[], Any]) -> None:
        """`bucket`: returns its name; `client`: returns a client of S3 that signs with version 4."""
        self._bucket = bucket
        self._client = client

    def put(self, export_id: str, name: str, content: Iterable[bytes]) -> None:
        """Write a file, in one call if it is short."""
        parts = _in_parts(content, PART_SIZE)
        first = next(parts, b"")
        second = next(parts, None)
        place = {"Bucket": self._bucket(), "Key": _key(export_id, name)}
        with _plain_errors():
            if second is None:
                self._client().put_object(**place, Body=first, ContentType=_ZIP)
                return
            upload = self._client().create_multipart_upload(**place, ContentType=_ZIP)["UploadId"]
            done = []
            for number, body in enumerate(chain([first, second], parts), start=1):
                sent = self._client().upload_part(**place, UploadId=upload, PartNumber=number, Body=body)
                done.append({"PartNumber": number, "ETag": sent["ETag"]})
            self._client().complete_multipart_upload(
                **place, UploadId=upload, MultipartUpload={"Parts": done}
            )

    def read(self, export_id: str, name: str) -> Iterator[bytes]:
        """Yield the content of a file; NotFound without one."""
        with _plain_errors():
            try:
                found = self._client().get_object(Bucket=self._bucket(), Key=_key(export_id, name))
            except Exception as error:
                if str(getattr(error, "response", {}).get("Error", {}).get("Code")) in _GONE:
                    raise NotFound(f"The file {name} of the export isn't there any more.") from error
                raise
            yield from found["Body"].iter_chunks(_CHUNK)

    def link(self, export_id: str, name: str, download_name: str) -> str:
        """Return an address, valid for minutes, at which a browser downloads a file as an attachment."""
        with _plain_errors():
            return str(
                self._client().generate_presigned_url(
                    "get_object",
                    Params={
                        "Bucket": self._bucket(),
                        "Key": _key(export_id, name),
                        "ResponseContentDisposition": f'attachment; filename="{download_name}"',
                        "ResponseContentType": _ZIP,
                        "ResponseCacheControl": "no-store",
                    },
                    ExpiresIn=int(LINKED_FOR.total_seconds()),
                )
            )

    def remove(self, export_id: str, keep: str | None = None) -> None:
        """Remove the files of an export, but the one with the name `keep`."""
        prefix = _key(export_id, "")
        with _plain_errors():
            pages = self._client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket(), Prefix=prefix):
                for each in page.get("Contents", ()):
                    if each["Key"] != f"{prefix}{keep}":
                        self._client().delete_object(Bucket=self._bucket(), Key=each["Key"])


def read_object(client: Any, bucket: str, key: str) -> bytes | None:
    """Return what an object contains; None without one."""
    with _plain_errors():
        try:
            return bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())
        except Exception as error:
            if str(getattr(error, "response", {}).get("Error", {}).get("Code")) in _GONE:
                return None
            raise


def _key(export_id: str, name: str) -> str:
    return f"{PREFIX}{export_id}/{name}"


def _in_parts(content: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Join chunks to parts of a size; the last one may be shorter."""
    held = bytearray()
    for chunk in content:
        held += chunk
        while len(held) >= size:
            yield bytes(held[:size])
            del held[:size]
    if held:
        yield bytes(held)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn errors of botocore into Petri's."""
    # Lazy import: it is installed wherever S3 is used.
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _SERVER_ERROR)
        code = error.response.get("Error", {}).get("Code", "")
        if status >= _SERVER_ERROR or code in _PASSING:
            raise VendorUnreachable("S3 didn't answer a call for an export; it is retried.") from error
        raise VendorRefused(f"S3 refused a call for an export ({code}).") from error
    except BotoCoreError as error:
        raise VendorUnreachable("S3 didn't answer a call for an export; it is retried.") from error
