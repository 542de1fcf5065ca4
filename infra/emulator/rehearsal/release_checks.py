"""Tells the releases of a rehearsal apart, and checks that one of them is served as a whole."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.deployed.releases import Release, Releases, served_deployment
from infra.aws.resources.function_aliases import Aliases
from infra.emulator.services.functions import Function


def mark_release(package: Path, site: Path, mark: str, folder: Path) -> Path:
    """Return a copy of a package that differs by a mark, and mark the pages of a staged site."""
    copy = folder / f"package-{mark}.zip"
    shutil.copyfile(package, copy)
    with ZipFile(copy, "a") as archive:
        archive.writestr("chalicelib/release.txt", f"{mark}\n")
    for page in site.rglob("*.html"):
        with page.open("a", encoding="utf-8") as text:
            text.write(f"\n<!-- {mark} -->\n")
    return copy


@dataclass(frozen=True)
class ReleaseCheck:
    """A release that should be served as a whole."""

    account: Account
    names: Names
    release: Release

    @classmethod
    def of_current(cls, account: Account, names: Names) -> ReleaseCheck:
        """Return the check of the release that is served now; LookupError without a record of it."""
        releases = Releases(account, names)
        current = releases.current(releases.all())
        if current is None:
            raise LookupError("The release that is served has no record.")
        return cls(account, names, current)

    def problems(self) -> list[str]:
        """Return what is served of another release: functions, routes, or pages."""
        release = self.release
        problems = []
        if Aliases(self.account, self.names).current() != dict(release.functions):
            problems.append(f"the alias of some functions isn't at release {release.number}")
        if served_deployment(self.account, release.rest_api) != release.rest_deployment:
            problems.append(f"the routes aren't those of release {release.number}")
        other = sorted(key for key, digest in release.site.items() if self._digest(key) != digest)
        if other:
            problems.append(f"these files aren't those of release {release.number}: {', '.join(other)}")
        return problems

    def _digest(self, key: str) -> str:
        bucket = self.names.site_bucket(self.account.number)
        body: bytes = self.account.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        # Releases name contents by their MD5, which is S3's ETag, and protects nothing.
        return hashlib.md5(body, usedforsecurity=False).hexdigest()

    def problems_of_calls(self, used: Iterable[Function]) -> list[str]:
        """Return the functions that were invoked in another version than the release's."""
        versions = {self.names.function(name): version for name, version in self.release.functions.items()}
        return [
            f"{one.name} was invoked in version {one.version} instead of {versions.get(one.name)}"
            for one in used
            if one.invocations and one.version != versions.get(one.name)
        ]
