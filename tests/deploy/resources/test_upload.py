"""Uploading the site: old pages keep working while new ones are uploaded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources.site_upload import ASK_FIRST, FOREVER, STAYS, SiteFile, SiteUpload, empty, files_of

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
SCRIPT = "static/petri.0123456789ab.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place, text in {"ad.html": "<p>ad", SCRIPT: "1", "robots.txt": "no"}.items():
        path = tmp_path / "site" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "site"


@pytest.fixture
def buckets(account: Account, names: Names) -> tuple[str, str]:
    both = names.site_bucket(account.number), names.keep_bucket(account.number)
    for bucket in both:
        account.client("s3").create_bucket(Bucket=bucket)
    return both


@pytest.fixture
def site(account: Account, buckets: tuple[str, str]) -> SiteUpload:
    return SiteUpload(account, *buckets)


def head(account: Account, buckets: tuple[str, str], key: str) -> dict[str, Any]:
    found: dict[str, Any] = account.client("s3").head_object(Bucket=buckets[0], Key=key)
    return found


def keys(account: Account, bucket: str) -> set[str]:
    found = account.client("s3").list_objects_v2(Bucket=bucket)
    return {each["Key"] for each in found.get("Contents", ())}


def test_pages_are_asked_for_again_each_time(
    account: Account, buckets: tuple[str, str], site: SiteUpload, folder: Path
) -> None:
    site.upload(files_of(folder))
    assert head(account, buckets, "ad.html")["CacheControl"] == ASK_FIRST


def test_fingerprinted_files_stay_in_browsers_for_good(
    account: Account, buckets: tuple[str, str], site: SiteUpload, folder: Path
) -> None:
    site.upload(files_of(folder))
    assert head(account, buckets, SCRIPT)["CacheControl"] == FOREVER


@pytest.mark.parametrize(
    ("key", "kind"),
    [("ad.html", "text/html; charset=utf-8"), (SCRIPT, "text/javascript; charset=utf-8")],
)
def test_files_are_served_with_their_content_type(
    account: Account, buckets: tuple[str, str], site: SiteUpload, folder: Path, key: str, kind: str
) -> None:
    site.upload(files_of(folder))
    assert head(account, buckets, key)["ContentType"] == kind


def test_an_existing_file_is_not_uploaded_again(site: SiteUpload, folder: Path) -> None:
    site.upload(files_of(folder))
    (folder / "ad.html").write_text("<p>new")
    assert site.upload(files_of(folder)) == 1


def test_old_files_stay_for_participants_with_old_pages(
    account: Account, buckets: tuple[str, str], site: SiteUpload, folder: Path
) -> None:
    site.upload(files_of(folder))
    site.retire([SiteFile(folder / "ad.html", "ad.html")], NOW)
    assert SCRIPT in keys(account, buckets[0])


def test_old_files_are_deleted_after_the_retention_time(
    account: Account, buckets: tuple[str, str], site: SiteUpload, folder: Path
) -> None:
    site.upload(files_of(folder))
    pages = [SiteFile(folder / "ad.html", "ad.html")]
    site.retire(pages, NOW)
    site.retire(pages, NOW + STAYS)
    assert keys(account, buckets[0]) == {"ad.html"}


def test_an_uploaded_asset_does_not_count_as_an_old_file_of_a_deployment(
    account: Account, buckets: tuple[str, str], site: SiteUpload, folder: Path
) -> None:
    site.upload(files_of(folder))
    asset = f"static/uploaded/{'0' * 64}.png"
    account.client("s3").put_object(Bucket=buckets[0], Key=asset, Body=b"png")
    pages = [SiteFile(folder / "ad.html", "ad.html")]
    site.retire(pages, NOW)
    site.retire(pages, NOW + STAYS)
    assert keys(account, buckets[0]) == {"ad.html", asset}


def test_the_retention_time_of_a_restored_file_starts_over(site: SiteUpload, folder: Path) -> None:
    files = files_of(folder)
    site.upload(files)
    site.retire(files[:1], NOW)
    site.retire(files, NOW)
    assert site.retire(files[:1], NOW + STAYS) == 0


def test_a_bucket_is_emptied_of_every_version(account: Account, buckets: tuple[str, str]) -> None:
    s3, bucket = account.client("s3"), buckets[1]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key="k", Body=body)
    s3.delete_object(Bucket=bucket, Key="k")
    empty(account, bucket)
    s3.delete_bucket(Bucket=bucket)


def test_emptying_a_missing_bucket_is_not_an_error(account: Account) -> None:
    assert empty(account, "petri-nobody-has-this") == 0


def test_pages_of_earlier_deploys_are_known_and_files_are_none(site: SiteUpload, folder: Path) -> None:
    (folder / "static" / "frame.html").write_text("a file")
    site.upload(files_of(folder))
    assert site.pages() == {"ad"}
