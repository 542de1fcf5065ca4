"""Stores a record of each release of an app, with its pages and code, in the app's keep bucket.

A release is what a deploy or a rollback serves. The last KEPT releases can be served again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.export.archive import CODE
from chalicelib.model.record import iso
from infra.aws.account.aws_errors import code_of, is_gone
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources.function_aliases import Aliases
from infra.aws.resources.site_upload import SiteFile

from .cutover import served_deployment

#: How many releases are kept.
KEPT: Final = 5
PREFIX: Final = "releases/"
_RECORDS, _PAGES, _CODE = f"{PREFIX}records/", f"{PREFIX}pages/", f"{PREFIX}code/"
#: API Gateway's error when a stage still serves the deployment.
_IN_USE: Final = "BadRequestException"


@dataclass(frozen=True)
class Release:
    """The record of one release."""

    number: int
    at: str
    #: hashes, versions, and the settings without secrets
    version: Mapping[str, Any]
    #: the version of each function
    functions: Mapping[str, str]
    rest_api: str
    rest_deployment: str
    #: the files of the site, each with the MD5 of its content
    site: Mapping[str, str] = field(default_factory=dict)
    #: the key of the experiment's code in the keep bucket
    code: str = ""
    #: the release that a rollback restored; 0 for a deploy
    of: int = 0

    @property
    def petri(self) -> str:
        """The version of Petri that deployed it."""
        return str(self.version.get("petri", "?"))

    def serves_the_same_as(self, other: Release) -> bool:
        """Whether it serves the same code, routes and pages."""
        return self._served() == other._served()

    def _served(self) -> tuple[dict[str, str], str, dict[str, str]]:
        return dict(self.functions), self.rest_deployment, dict(self.site)


class Releases:
    """The releases of one app."""

    def __init__(self, account: Account, names: Names) -> None:
        """Open the releases of an app in the account."""
        self._account = account
        self._names = names
        self._s3 = account.client("s3")
        self._bucket = names.keep_bucket(account.number)

    def all(self) -> list[Release]:
        """Return the releases that are kept, oldest first."""
        keys = sorted(self._keys(_RECORDS))
        return [Release(**json.loads(self._get(key))) for key in keys]

    def current(self, known: Iterable[Release]) -> Release | None:
        """Return the release of `known` whose functions are served; None when it isn't among them."""
        served = Aliases(self._account, self._names).current()
        return next((one for one in reversed(list(known)) if dict(one.functions) == served), None)

    def keep(self, release: Release) -> Release:
        """Write the record of a release that is served from now on; its number follows the last one's."""
        numbers = [int(Path(key).stem) for key in self._keys(_RECORDS)]
        made = replace(release, number=max(numbers, default=0) + 1, at=iso(datetime.now(UTC)))
        body = json.dumps(asdict(made), indent=2, default=str).encode()
        self._put(f"{_RECORDS}{made.number:06}.json", body, "application/json")
        return made

    # -- what belongs to a release --------------------------------------------------------------

    def keep_site(self, files: Iterable[SiteFile]) -> dict[str, str]:
        """Store a site's files, each content once, and return their keys with the MD5 of their content."""
        there = set(self._keys(_PAGES))
        found = {}
        for file in files:
            found[file.key] = digest = file.digest
            if f"{_PAGES}{digest}" not in there:
                self._put(f"{_PAGES}{digest}", file.path.read_bytes())
        return found

    def page(self, digest: str) -> bytes:
        """Return the content of a stored file."""
        return self._get(f"{_PAGES}{digest}")

    def keep_code(self, archive: Path) -> str:
        """Store the experiment's code and return its key."""
        body = archive.read_bytes()
        key = f"{_CODE}{hashlib.sha256(body).hexdigest()}.zip"
        self._put(key, body)
        return key

    def restore_code(self, release: Release) -> None:
        """Make a release's code the one that exports contain."""
        self._put(CODE, self._get(release.code))

    # -- deleting what is old -------------------------------------------------------------------

    def prune(self) -> int:
        """Delete all but the last KEPT releases, with what only they use; return how many were deleted."""
        every = self.all()
        kept, old = every[-KEPT:], every[:-KEPT]
        for release in old:
            self._s3.delete_object(Bucket=self._bucket, Key=f"{_RECORDS}{release.number:06}.json")
        pages = {f"{_PAGES}{digest}" for one in kept for digest in one.site.values()}
        needed = pages | {one.code for one in kept}
        for key in [*self._keys(_PAGES), *self._keys(_CODE)]:
            if key not in needed:
                self._s3.delete_object(Bucket=self._bucket, Key=key)
        Aliases(self._account, self._names).prune(one.functions for one in kept)
        self._prune_deployments(kept)
        return len(old)

    def _prune_deployments(self, kept: list[Release]) -> None:
        if not kept:
            return
        gateway, api = self._account.client("apigateway"), kept[-1].rest_api
        stay = {one.rest_deployment for one in kept} | {served_deployment(self._account, api)}
        pages = gateway.get_paginator("get_deployments").paginate(restApiId=api)
        for one in [str(item["id"]) for page in pages for item in page["items"]]:
            if one in stay:
                continue
            try:
                gateway.delete_deployment(restApiId=api, deploymentId=one)
            except ClientError as error:
                if not is_gone(error) and code_of(error) != _IN_USE:
                    raise

    # -- the bucket -----------------------------------------------------------------------------

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        for page in pages:
            yield from (str(each["Key"]) for each in page.get("Contents", ()))

    def _get(self, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body

    def _put(self, key: str, body: bytes, kind: str = "application/octet-stream") -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=kind)
