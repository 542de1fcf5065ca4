"""Uploads the site to S3: static files first, pages when the API is ready; old files are deleted later.

Participants have the old pages open while an app is deployed again. So files with a content hash in their
name are uploaded next to the old ones, and files that are no longer part of the site stay for a while.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.model.record import iso
from chalicelib.storage.files.s3_files import PUBLISHED
from infra.aws.account.aws_errors import is_gone
from infra.aws.account.session import Account
from infra.site.dashboard_files import FOLDER

#: A file name with a content hash, such as petri.1f3a5b7c9d.js.
FINGERPRINTED: Final = re.compile(r"[.-][0-9a-f]{8,64}\.[A-Za-z0-9]+$")
FOREVER: Final = "public, max-age=31536000, immutable"
ASK_FIRST: Final = "no-cache"
#: How long a file is kept after it is no longer part of the site.
STAYS: Final = timedelta(days=3)
LIST_KEY: Final = "site.json"
_AT_ONCE: Final = 1000

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")
mimetypes.add_type("font/woff2", ".woff2")
mimetypes.add_type("image/webp", ".webp")

Tell = Callable[[str], None]


@dataclass(frozen=True)
class SiteFile:
    """A file of the site, and its key in the bucket."""

    path: Path
    key: str

    @property
    def is_page(self) -> bool:
        """Whether its address stays the same when its content changes."""
        return not FINGERPRINTED.search(self.key) and not self.key.startswith(f"{FOLDER}/")

    @property
    def digest(self) -> str:
        """The MD5 of its content, which is its ETag in S3."""
        return hashlib.md5(self.path.read_bytes(), usedforsecurity=False).hexdigest()

    def headers(self) -> dict[str, str]:
        """Return the HTTP headers with which the file is served."""
        kind, encoding = mimetypes.guess_type(self.path.name)
        kind = kind or "application/octet-stream"
        if kind.startswith("text/") or kind in {"application/json", "image/svg+xml"}:
            kind = f"{kind}; charset=utf-8"
        headers = {"ContentType": kind, "CacheControl": ASK_FIRST if self.is_page else FOREVER}
        return headers if encoding is None else {**headers, "ContentEncoding": encoding}


def files_of(folder: Path) -> list[SiteFile]:
    """Return the files of a built site."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [SiteFile(path, path.relative_to(folder).as_posix()) for path in found]


def page_of(key: str) -> str:
    """Return a page's name in addresses; empty for a file that isn't a page."""
    name = key.removesuffix(".html")
    return "" if name == key or key.startswith("static/") else name


class SiteUpload:
    """The bucket of an app's pages."""

    def __init__(self, account: Account, bucket: str, keep: str) -> None:
        """`bucket`: that of the pages; `keep`: the one with the list of them."""
        self._account = account
        self._s3 = account.client("s3")
        self._bucket = bucket
        self._keep = keep

    def upload(self, files: Iterable[SiteFile]) -> int:
        """Upload new and changed files, and return how many there were."""
        existing = self._existing()
        missing = [file for file in files if existing.get(file.key) != file.digest]
        for file in missing:
            self._s3.put_object(
                Bucket=self._bucket, Key=file.key, Body=file.path.read_bytes(), **file.headers()
            )
        return len(missing)

    def restore(self, digests: Mapping[str, str], content: Callable[[str], bytes]) -> int:
        """Restore files that have changed or are gone, and return how many there were.

        `digests`: the MD5 of each file's content; `content` returns the content for a digest.
        """
        existing = self._existing()
        missing = {key: digest for key, digest in digests.items() if existing.get(key) != digest}
        for key, digest in missing.items():
            headers = SiteFile(Path(key), key).headers()
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=content(digest), **headers)
        return len(missing)

    def retire(self, files: Iterable[SiteFile], now: datetime | None = None) -> int:
        """Record which files are no longer part of the site, and delete those past the retention time."""
        now = now or datetime.now(UTC)
        current = {file.key for file in files}
        known = self._known()
        # Assets that researchers have uploaded aren't part of a deployment.
        found = (key for key in self._existing() if not key.startswith(PUBLISHED))
        retired = {key: str(known.get(key) or iso(now)) for key in found if key not in current}
        old = [key for key, since in retired.items() if now - datetime.fromisoformat(since) >= STAYS]
        for start in range(0, len(old), _AT_ONCE):
            keys = [{"Key": key} for key in old[start : start + _AT_ONCE]]
            self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})
        left = {key: since for key, since in retired.items() if key not in old}
        if left != known:
            self._s3.put_object(Bucket=self._keep, Key=LIST_KEY, Body=json.dumps(left).encode())
        return len(old)

    def refresh(self, distribution: str) -> None:
        """Invalidate every page in CloudFront's cache."""
        self._account.client("cloudfront").create_invalidation(
            DistributionId=distribution,
            InvalidationBatch={
                "Paths": {"Quantity": 1, "Items": ["/*"]},
                "CallerReference": secrets.token_hex(16),
            },
        )

    def pages(self) -> set[str]:
        """Return the pages in the bucket, including those of earlier deploys."""
        return {page for key in self._existing() if (page := page_of(key))}

    def _existing(self) -> dict[str, str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
        return {each["Key"]: each["ETag"].strip('"') for page in pages for each in page.get("Contents", ())}

    def _known(self) -> Mapping[str, str]:
        try:
            body = self._s3.get_object(Bucket=self._keep, Key=LIST_KEY)["Body"].read()
        except ClientError as error:
            if is_gone(error):
                return {}
            raise
        found: dict[str, Any] = json.loads(body)
        return found


def empty(account: Account, bucket: str) -> int:
    """Delete all objects in a bucket with all their versions, and return how many; 0 without a bucket."""
    s3 = account.client("s3")
    deleted = 0
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            objects = [
                {"Key": each["Key"], "VersionId": each["VersionId"]}
                for each in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            ]
            if objects:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
                deleted += len(objects)
    except ClientError as error:
        if not is_gone(error):
            raise
    return deleted
