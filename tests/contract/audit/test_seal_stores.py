"""Seal stores: a folder, and a bucket with object lock, as a deploy creates it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from chalicelib.errors import VendorRefused
from chalicelib.messaging.aws_clients import AwsClients
from chalicelib.operations.audit.seals import make_seals
from chalicelib.operations.audit.verification import verify
from chalicelib.operations.shared.context import OPERATOR_CALLER, caller_of
from chalicelib.ports import Seal, SealStore
from chalicelib.storage.engine import Engine
from chalicelib.storage.files.folder_seals import FolderSeals
from chalicelib.storage.files.s3_seals import S3Seals, run_of
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.deployed.seal_bucket import SealBucket
from infra.emulator.shims.buckets import buckets
from infra.local.moto.moto_engine import REGION, started
from tests.contract.factories import not_launched

from .test_audit_log import ADA, only_record

NAMES = Names("story", "live", REGION)
SEAL = Seal(1, "2026-11-28T10:00:00.000000Z", "1" * 64, 2, "")
OTHER = dataclasses.replace(SEAL, root="0" * 64)


class Bucket:
    """The bucket of an app, and seal stores in it."""

    def __init__(self) -> None:
        self.s3 = AwsClients(REGION).maker("s3")()
        identity = SimpleNamespace(partition="aws", account="123456789012")
        account = SimpleNamespace(
            identity=identity, number=identity.account, region=REGION, client=lambda _: self.s3
        )
        self.bucket = SealBucket(cast("Account", account), NAMES)
        self.name = self.bucket.name

    def store(self, run: str = "one") -> S3Seals:
        return S3Seals(lambda: self.name, lambda: run_of(run), lambda: self.s3)

    def versions(self) -> list[dict[str, Any]]:
        return list(self.s3.list_object_versions(Bucket=self.name).get("Versions", ()))


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with started(), buckets():
        made = Bucket()
        made.bucket.ensure(30)
        yield made


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SealStore:
    if request.param == "folder":
        return FolderSeals(tmp_path / "seals")
    found: Bucket = request.getfixturevalue("bucket")
    return found.store()


def test_what_is_kept_is_read_back(store: SealStore) -> None:
    assert (store.last_number(), store.read(1)) == (0, None)
    for number in (1, 2, 11):
        store.keep(dataclasses.replace(SEAL, number=number))
    assert (store.last_number(), store.read(1), store.read(3)) == (11, SEAL, None)


def test_a_kept_seal_is_never_replaced(store: SealStore) -> None:
    store.keep(SEAL)
    store.keep(OTHER)
    assert (store.last_number(), store.read(1)) == (1, SEAL)


def test_a_folder_has_each_seal_once_and_no_drafts(tmp_path: Path) -> None:
    FolderSeals(tmp_path).keep(SEAL)
    FolderSeals(tmp_path).keep(OTHER)
    assert [file.name for file in tmp_path.iterdir()] == ["00000001.json"]


# -- the bucket --------------------------------------------------------------------------------------


def hide(bucket: Bucket, key: str) -> None:
    bucket.s3.delete_object(Bucket=bucket.name, Key=key)


def write_over(bucket: Bucket, key: str) -> None:
    bucket.s3.put_object(Bucket=bucket.name, Key=key, Body=b"{}")


@pytest.mark.parametrize("tamper", [hide, write_over])
def test_neither_a_delete_marker_nor_a_later_version_changes_a_kept_seal(
    bucket: Bucket, tamper: Callable[[Bucket, str], None]
) -> None:
    bucket.store().keep(SEAL)
    tamper(bucket, bucket.versions()[0]["Key"])
    assert (bucket.store().last_number(), bucket.store().read(1)) == (1, SEAL)


def test_no_user_can_delete_a_locked_seal(bucket: Bucket) -> None:
    bucket.store().keep(SEAL)
    (version,) = bucket.versions()
    with pytest.raises(ClientError, match="AccessDenied"):
        bucket.s3.delete_object(
            Bucket=bucket.name,
            Key=version["Key"],
            VersionId=version["VersionId"],
            BypassGovernanceRetention=True,
        )


def test_the_bucket_is_private_encrypted_versioned_and_locks_for_the_days_of_the_setting(
    bucket: Bucket,
) -> None:
    s3, name = bucket.s3, bucket.name
    bucket.bucket.ensure(90)
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    lock = s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"]
    assert all(block.values())
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    retention = lock["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("COMPLIANCE", 90)
    assert '"aws:SecureTransport": "false"' in s3.get_bucket_policy(Bucket=name)["Policy"]


def test_an_app_of_the_same_name_has_seals_of_its_own(bucket: Bucket) -> None:
    bucket.store("one").keep(SEAL)
    bucket.store("two").keep(OTHER)
    assert [bucket.store(run).read(1) for run in ("one", "two")] == [SEAL, OTHER]


def test_the_bucket_stays_as_long_as_a_seal_is_locked(bucket: Bucket) -> None:
    bucket.store().keep(SEAL)
    assert (bucket.bucket.remove(), bucket.bucket.exists()) == (1, True)
    assert bucket.store().read(1) == SEAL
    assert bucket.bucket.locked_until() > bucket.versions()[0]["LastModified"]


def test_a_bucket_without_seals_is_deleted(bucket: Bucket) -> None:
    assert (bucket.bucket.remove(), bucket.bucket.exists()) == (0, False)
    assert (bucket.bucket.remove(), bucket.store().last_number()) == (0, 0)


def test_a_seal_that_s3_refuses_is_an_error_of_the_vendor(bucket: Bucket) -> None:
    bucket.bucket.remove()
    with pytest.raises(VendorRefused, match="NoSuchBucket"):
        bucket.store().keep(SEAL)


def test_a_run_with_seals_in_its_table_alone_keeps_them_in_its_new_bucket(
    sqlite: Engine, bucket: Bucket
) -> None:
    app = not_launched(sqlite)
    for _ in range(3):
        app.run(only_record, caller=caller_of(ADA))
        app.run(make_seals)
    app.seals = bucket.store()
    for seal in app.run(make_seals, app.seals.last_number()):
        app.seals.keep(seal)
    assert app.run(make_seals, app.seals.last_number()) == []
    report = app.run(verify, app.seals, caller=OPERATOR_CALLER)
    assert (app.seals.last_number(), report.seals, report.findings) == (3, 3, [])


def test_seals_that_were_changed_in_the_table_differ_from_those_in_the_bucket(
    sqlite: Engine, bucket: Bucket
) -> None:
    app = not_launched(sqlite)
    app.seals = bucket.store()
    app.run(only_record, caller=caller_of(ADA))
    (seal,) = app.run(make_seals)
    app.seals.keep(dataclasses.replace(seal, root="0" * 64))
    (finding,) = app.run(verify, app.seals, caller=OPERATOR_CALLER).findings
    assert (finding.number, finding.detail) == (1, "it differs from the one that is kept")
