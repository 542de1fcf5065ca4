"""Stores a record of each release of an app, with its pages and code, in the app's keep bucket.

A release is what a deploy or a rollback serves. The last KEPT releases can be served again. A record is
written before the functions are switched to its release, as pending, and confirmed after. So a command that
ends between the two leaves no release without a record: a pending record counts when its functions are
served.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from botocore.exceptions import ClientError

from chalicelib.export.archive import CODE
from chalicelib.model.record import iso
from infra.aws.account.aws_errors import code_of, is_gone
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources.chalice_record import API_STAGE
from infra.aws.resources.function_aliases import Aliases
from infra.aws.resources.site_upload import SiteFile

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
    #: the release that a rollback restores; 0 for a deploy
    of: int = 0
    #: whether the command that serves it hasn't said that it is done
    pending: bool = False

    @classmethod
    def read(cls, fields_: Mapping[str, Any]) -> Self:
        """Read a record; fields that a newer version has added are ignored."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in fields_.items() if name in known})

    def written(self) -> dict[str, Any]:
        """Return the record as it is stored; earlier versions don't know `pending`."""
        stored = asdict(self)
        return stored if self.pending else {name: stored[name] for name in stored if name != "pending"}

    @property
    def when(self) -> str:
        """When it was deployed, to the minute, in UTC."""
        return f"{self.at[:16].replace('T', ' ')} UTC"

    def summary(self) -> dict[str, Any]:
        """Return what commands show of it as JSON: `experiment` is the hash of its code."""
        return {
            "number": self.number,
            "deployed_at": self.at,
            "petri": self.petri,
            "experiment": self.version.get("experiment"),
            "rollback_to": self.of or None,
            "interrupted": self.pending,
        }

    def __str__(self) -> str:
        return f"{self.number} ({self.when}, Petri {self.petri})"

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
        """Return the releases that are kept, oldest first; a pending one only if its functions are served."""
        found = self._records()
        if not any(one.pending for one in found):
            return found
        served = Aliases(self._account, self._names).current()
        return [one for one in found if not one.pending or dict(one.functions) == served]

    def _records(self) -> list[Release]:
        return [Release.read(json.loads(self._get(key))) for key in sorted(self._keys(_RECORDS))]

    def current(self, known: Iterable[Release]) -> Release | None:
        """Return the release of `known` whose functions are served; None when it isn't among them."""
        served = Aliases(self._account, self._names).current()
        return next((one for one in reversed(list(known)) if dict(one.functions) == served), None)

    def begin(self, release: Release) -> Release:
        """Write the record of a release that is about to be served; its number follows the last one's.

        Records that earlier commands have left pending are confirmed, or deleted if they are not served.
        """
        found = self._records()
        kept = self.all()
        for one in (each for each in found if each.pending):
            if one in kept and one.of and one.of == release.of:
                # A rollback that was interrupted is continued.
                return one
            (self.confirm if one in kept else self.withdraw)(one)
        number = max((one.number for one in found), default=0) + 1
        return self._write(replace(release, number=number, at=iso(datetime.now(UTC)), pending=True))

    def confirm(self, release: Release) -> Release:
        """Record that a release is served, and that the command that serves it is done."""
        return self._write(replace(release, pending=False))

    def withdraw(self, release: Release) -> None:
        """Delete the record of a release that isn't served."""
        self._s3.delete_object(Bucket=self._bucket, Key=_record_key(release))

    def _write(self, release: Release) -> Release:
        body = json.dumps(release.written(), indent=2, default=str).encode()
        self._put(_record_key(release), body, "application/json")
        return release

    # -- what belongs to a release --------------------------------------------------------------

    def keep_site(self, files: Iterable[SiteFile]) -> dict[str, str]:
        """Store a site's files, each content once, and return their keys with the MD5 of their content."""
        stored = set(self._keys(_PAGES))
        found = {}
        for file in files:
            found[file.key] = digest = file.digest
            if f"{_PAGES}{digest}" not in stored:
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
            self.withdraw(release)
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


def served_deployment(account: Account, rest_api: str) -> str:
    """Return the deployment that the REST API's stage serves."""
    stage = account.client("apigateway").get_stage(restApiId=rest_api, stageName=API_STAGE)
    return str(stage["deploymentId"])


def served_release(account: Account, names: Names) -> Release | None:
    """Return the release that an app serves; None for one without a record, or without its bucket."""
    try:
        releases = Releases(account, names)
        return releases.current(releases.all())
    except ClientError as error:
        if is_gone(error):
            return None
        raise


def _record_key(release: Release) -> str:
    return f"{_RECORDS}{release.number:06}.json"
