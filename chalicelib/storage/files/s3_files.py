"""Keeps uploaded files in the app's own bucket, to which browsers post them by presigned forms.

    pending/<reference>    files that no answer refers to yet; the bucket's lifecycle deletes them after a day
    kept/<reference>       files that answers refer to; no form is for these keys

Assets are copied from there to the bucket of the pages, from which CloudFront sends them to participants:

    static/uploaded/<sha256>.<ending>

S3 checks size, type and SHA-256 of what is posted against the signed policy, and stores the checksum.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import Any, Final

from chalicelib.errors import NotFound, VendorRefused, VendorUnreachable
from chalicelib.ports import FoundFile, UploadForm
from chalicelib.ports.files import GRANTED_FOR, HEAD_BYTES, LINKED_FOR

from .references import checked, checked_published, is_reference

PENDING, KEPT = "pending/", "kept/"
#: Where assets are in the bucket of the pages.
PUBLISHED: Final = "static/uploaded/"
_FOREVER: Final = "public, max-age=31536000, immutable"
_CHUNK: Final = 1 << 20
_ATTACHED: Final = "attachment"
_OPAQUE: Final = "application/octet-stream"
_GONE: Final = {"404", "NoSuchKey", "NotFound"}
_PASSING: Final = 500


class S3Files:
    """A file store in a bucket."""

    def __init__(self, bucket: Callable[[], str], client: Callable[[], Any], site: Callable[[], str]) -> None:
        """`bucket`: returns its name; `client`: returns a client of S3 that signs with version 4.

        `site`: returns the name of the bucket of the pages.
        """
        self._bucket = bucket
        self._client = client
        self._site = site

    def grant(self, reference: str, *, media_type: str, size: int, sha256: str) -> UploadForm:
        """Return a form with which exactly this file can be posted, for an hour."""
        fields = {
            "Content-Type": media_type,
            "x-amz-checksum-algorithm": "SHA256",
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode(),
            "success_action_status": "201",
        }
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        with _plain_errors():
            form = self._client().generate_presigned_post(
                Bucket=self._bucket(),
                Key=PENDING + checked(reference),
                Fields=fields,
                Conditions=[*conditions, ["content-length-range", size, size]],
                ExpiresIn=int(GRANTED_FOR.total_seconds()),
            )
        return UploadForm(str(form["url"]), {name: str(value) for name, value in form["fields"].items()})

    def find(self, reference: str) -> FoundFile | None:
        """Return a file that is pending or kept; None when it hasn't arrived or has expired."""
        if not is_reference(reference):
            return None
        for prefix in (PENDING, KEPT):
            found = self._head(prefix + reference)
            if found is not None:
                return found
        return None

    def keep(self, reference: str) -> None:
        """Copy a pending file to those that are kept, with a type that no browser shows."""
        target = KEPT + checked(reference)
        with _plain_errors():
            if self._exists(target):
                return
            self._client().copy_object(
                Bucket=self._bucket(),
                Key=target,
                CopySource={"Bucket": self._bucket(), "Key": PENDING + reference},
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",
                ContentType=_OPAQUE,
                ContentDisposition=_ATTACHED,
                ChecksumAlgorithm="SHA256",
            )

    def read(self, reference: str) -> Iterator[bytes]:
        """Yield the content of a file that is kept or pending."""
        for prefix in (KEPT, PENDING):
            with _plain_errors():
                body = self._body(prefix + checked(reference))
            if body is not None:
                with _plain_errors():
                    yield from body.iter_chunks(_CHUNK)
                return
        raise NotFound(f"There is no file {reference}.")

    def link(self, reference: str) -> str:
        """Return an address, valid for minutes, at which a browser downloads a kept file as an attachment."""
        name = checked(reference).replace("/", "-")
        with _plain_errors():
            if not self._exists(KEPT + reference):
                raise NotFound(f"There is no file {reference}.")
            return str(
                self._client().generate_presigned_url(
                    "get_object",
                    Params={
                        "Bucket": self._bucket(),
                        "Key": KEPT + reference,
                        "ResponseContentDisposition": f'{_ATTACHED}; filename="{name}"',
                        "ResponseContentType": _OPAQUE,
                        "ResponseCacheControl": "no-store",
                    },
                    ExpiresIn=int(LINKED_FOR.total_seconds()),
                )
            )

    def put(self, reference: str, content: Iterable[bytes]) -> None:
        """Write a kept file."""
        with TemporaryFile() as file, _plain_errors():
            file.writelines(content)
            file.seek(0)
            self._client().put_object(
                Bucket=self._bucket(),
                Key=KEPT + checked(reference),
                Body=file,
                ContentType=_OPAQUE,
                ContentDisposition=_ATTACHED,
                ChecksumAlgorithm="SHA256",
            )

    def delete(self, participant_id: int) -> int:
        """Delete all files of a participant; return how many were kept."""
        count = 0
        with _plain_errors():
            for prefix in (KEPT, PENDING):
                pages = self._client().get_paginator("list_objects_v2")
                for page in pages.paginate(Bucket=self._bucket(), Prefix=f"{prefix}{int(participant_id)}/"):
                    for each in page.get("Contents", ()):
                        self._client().delete_object(Bucket=self._bucket(), Key=each["Key"])
                        count += prefix == KEPT
        return count

    def discard(self, reference: str) -> None:
        """Delete a kept file."""
        with _plain_errors():
            self._client().delete_object(Bucket=self._bucket(), Key=KEPT + checked(reference))

    def publish(self, reference: str, name: str, media_type: str) -> None:
        """Copy a pending file to the bucket of the pages, where browsers cache it for good."""
        target = PUBLISHED + checked_published(name)
        with _plain_errors():
            if self._exists(target, self._site()):
                return
            try:
                self._client().copy_object(
                    Bucket=self._site(),
                    Key=target,
                    CopySource={"Bucket": self._bucket(), "Key": PENDING + checked(reference)},
                    MetadataDirective="REPLACE",
                    TaggingDirective="REPLACE",
                    ContentType=media_type,
                    CacheControl=_FOREVER,
                    ChecksumAlgorithm="SHA256",
                )
            except Exception as error:
                if _is_gone(error):
                    raise NotFound(f"There is no file {reference}.") from error
                raise

    def withdraw(self, name: str) -> None:
        """Delete a published file."""
        with _plain_errors():
            self._client().delete_object(Bucket=self._site(), Key=PUBLISHED + checked_published(name))

    def post_origin(self) -> str:
        """Return the origin of the bucket; nothing is called for it."""
        with _plain_errors():
            form = self._client().generate_presigned_post(Bucket=self._bucket(), Key=f"{PENDING}0")
        return "/".join(str(form["url"]).split("/", 3)[:3])

    def _exists(self, key: str, bucket: str | None = None) -> bool:
        try:
            self._client().head_object(Bucket=bucket or self._bucket(), Key=key)
        except Exception as error:
            if _is_gone(error):
                return False
            raise
        return True

    def _head(self, key: str) -> FoundFile | None:
        with _plain_errors():
            try:
                facts = self._client().head_object(Bucket=self._bucket(), Key=key, ChecksumMode="ENABLED")
            except Exception as error:
                if _is_gone(error):
                    return None
                raise
            head = self._body(key, Range=f"bytes=0-{HEAD_BYTES - 1}")
            if head is None:
                return None
            stored = str(facts.get("ChecksumSHA256") or "")
            # The checksum of an object in several parts ends with their number; a form posts one part.
            digest = base64.b64decode(stored).hex() if stored and "-" not in stored else self._hashed(key)
            return FoundFile(int(facts["ContentLength"]), digest, head.read())

    def _hashed(self, key: str) -> str:
        body, made = self._body(key), hashlib.sha256()
        for chunk in () if body is None else body.iter_chunks(_CHUNK):
            made.update(chunk)
        return made.hexdigest()

    def _body(self, key: str, **more: Any) -> Any:
        try:
            return self._client().get_object(Bucket=self._bucket(), Key=key, **more)["Body"]
        except Exception as error:
            if _is_gone(error):
                return None
            raise


def _is_gone(error: Exception) -> bool:
    return str(getattr(error, "response", {}).get("Error", {}).get("Code")) in _GONE


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn errors of botocore into Petri's."""
    # Lazy import: it is installed wherever S3 is used.
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", _PASSING)
        code = error.response.get("Error", {}).get("Code", "")
        if status >= _PASSING or code in {"SlowDown", "RequestTimeout"}:
            raise VendorUnreachable("S3 didn't answer; send the file again in a moment.") from error
        raise VendorRefused(f"S3 refused a call for an uploaded file ({code}).") from error
    except BotoCoreError as error:
        raise VendorUnreachable("S3 didn't answer; send the file again in a moment.") from error
