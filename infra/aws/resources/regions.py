"""Determines an app's region, before anything global is read or deleted by name.

Buckets and roles are global: their names resolve from every region. An app is in a region when a regional
resource shows it: its stacks, table, parameters, or a bucket in that region.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.aws.account.aws_errors import REFUSALS, code_of, is_gone
from infra.aws.account.local_registry import LocalRegistry
from infra.aws.account.names import Names, Stage, region_code
from infra.aws.account.session import Account
from infra.problems import OperatorProblem

from .stacks import Stack

_DENIED = {"403", "AccessDenied", "Forbidden"}
_MOVED = {"301", "PermanentRedirect", "400"}


def names_in(account: Account, app: str, stage: Stage) -> Names:
    """Return the names of an app's resources in the account's region, whether or not it exists there.

    An app that was first deployed when global names didn't contain the region keeps its names.
    """
    older, newer = Names(app, stage), Names(app, stage, account.region)
    for name in (older.base_stack, older.front_stack):
        found = Stack(account, name)
        if found.belongs_to(older):
            return newer if found.parameters().get("Place") else older
    buckets = (*_buckets(account, older), older.seal_bucket(account.number))
    return older if any(_is_here(account, bucket) for bucket in buckets) else newer


def region_of_bucket(account: Account, bucket: str) -> str | None:
    """Return the region of one of this account's buckets; None when the account has no such bucket."""
    try:
        found: dict[str, Any] = account.client("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        if is_gone(error) or code_of(error) in _DENIED:
            return None
        region = _told_region(dict(error.response))
        if code_of(error) not in _MOVED or not region:
            raise
        return region
    return str(found.get("BucketRegion") or _told_region(found) or account.region)


def has_bucket(account: Account, bucket: str) -> bool:
    """Whether the account has this bucket in its region."""
    return _is_here(account, bucket)


def other_regions(account: Account, names: Names) -> list[str]:
    """Return the other known regions of an app with this id and stage.

    These come from apps that were deployed from this machine, and from the account's buckets.
    """
    found = {
        note.region
        for note in LocalRegistry().notes(names.app, names.stage)
        if note.account == account.number
    }
    # Without the right to list buckets, fewer regions are found.
    with contextlib.suppress(*REFUSALS):
        found |= set(_regions_of_buckets(account, names))
    return sorted(found - {account.region})


def not_here(account: Account, names: Names, *, any_stage: bool = False) -> OperatorProblem:
    """Return an error that the app isn't in this region, with its regions as far as they are known."""
    what = names.app if any_stage else f"{names.app} ({names.stage})"
    stages: tuple[Stage, ...] = ("sandbox", "live") if any_stage else (names.stage,)
    others = sorted({r for stage in stages for r in other_regions(account, Names(names.app, stage))})
    if others:
        return OperatorProblem(
            f"{what} isn't deployed in {account.region}; it is in {' and in '.join(others)}. "
            f"Add --region {others[0]}."
        )
    return OperatorProblem(
        f"{what} isn't deployed in {account.region}. `petri apps` lists the apps of a region; use --region "
        "and --profile to look elsewhere."
    )


def _is_here(account: Account, bucket: str) -> bool:
    return region_of_bucket(account, bucket) == account.region


def _buckets(account: Account, names: Names) -> tuple[str, str]:
    return names.site_bucket(account.number), names.keep_bucket(account.number)


def _told_region(response: dict[str, Any]) -> str:
    headers: dict[str, str] = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("x-amz-bucket-region", "")


def _regions_of_buckets(account: Account, names: Names) -> Iterator[str]:
    """Yield the region of each of an app's buckets."""
    codes = {region_code(region): region for region in account.session.get_available_regions("s3")}
    older = _buckets(account, Names(names.app, names.stage))
    begin, end = f"{names.prefix}-", f"-{account.number}-keep"
    for page in account.client("s3").get_paginator("list_buckets").paginate(Prefix=begin):
        for bucket in page["Buckets"]:
            name = str(bucket["Name"])
            if name in older:
                yield str(region_of_bucket(account, name))
            elif name.startswith(begin) and name.endswith(end):
                code = name.removeprefix(begin).removesuffix(end)
                if code in codes:
                    yield codes[code]
