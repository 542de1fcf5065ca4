"""Creates the bucket that keeps the seals of an app's audit log, and deletes it when no seal is locked.

It belongs to no stack: it outlives the app, and the next app of this name continues to use it. Object lock
is in compliance mode, in which no user of the account can delete a seal or shorten its retention, the root
user included. In governance mode an administrator can, who is often the operator in a lab, whose changes
the audit log has to show. A seal is a kilobyte without personal data, so it never has to be erased.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.storage.files.s3_seals import S3Seals, run_of
from infra.aws.account.aws_errors import code_of, is_gone
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources import app_secrets
from infra.aws.resources.regions import has_bucket
from infra.aws.resources.site_upload import empty
from infra.aws.resources.stacks import tags_of

#: The setting with the number of days for which the seals of a live app are locked.
SETTING: Final = "audit_retention_days"
#: The days for which those of a sandbox app are locked: its data are trials.
SANDBOX_DAYS: Final = 1
MODE: Final = "COMPLIANCE"
#: The region that S3's CreateBucket doesn't accept as a location.
_DEFAULT_REGION: Final = "us-east-1"
_MINE: Final = {"BucketAlreadyOwnedByYou"}


def seals_of(account: Account, names: Names) -> S3Seals:
    """Return the seal store of an app, with the operator's own keys."""
    return S3Seals(
        lambda: names.seal_bucket(account.number),
        lambda: run_of(app_secrets.read(account, names)[app_secrets.SIGNING]),
        lambda: account.client("s3"),
    )


class SealBucket:
    """The bucket of one app."""

    def __init__(self, account: Account, names: Names) -> None:
        """Name the bucket; nothing is created yet."""
        self._account = account
        self._names = names
        self._s3 = account.client("s3")
        self.name = names.seal_bucket(account.number)

    def exists(self) -> bool:
        """Whether the account has the bucket in its region."""
        return has_bucket(self._account, self.name)

    def ensure(self, days: int) -> None:
        """Create the bucket, if it isn't there, and apply its settings; new seals are locked for `days`."""
        if not self.exists():
            self._create()
        name = self.name
        self._s3.put_public_access_block(
            Bucket=name,
            PublicAccessBlockConfiguration=dict.fromkeys(
                ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
            ),
        )
        encryption = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        self._s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [encryption]})
        self._s3.put_bucket_policy(Bucket=name, Policy=json.dumps(self._policy()))
        tags = [{"Key": key, "Value": value} for key, value in tags_of(self._names).items()]
        self._s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
        retention = {"Mode": MODE, "Days": SANDBOX_DAYS if self._names.stage == "sandbox" else days}
        self._s3.put_object_lock_configuration(
            Bucket=name,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": retention},
            },
        )

    def _create(self) -> None:
        region = self._account.region
        where: dict[str, Any] = (
            {} if region == _DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        try:
            self._s3.create_bucket(
                Bucket=self.name,
                # Object lock turns versioning on, for as long as the bucket exists.
                ObjectLockEnabledForBucket=True,
                ObjectOwnership="BucketOwnerEnforced",
                **where,
            )
        except ClientError as error:
            if code_of(error) not in _MINE:
                raise

    def _policy(self) -> dict[str, Any]:
        bucket = f"arn:{self._account.identity.partition}:s3:::{self.name}"
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "NobodyWithoutTLS",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [bucket, f"{bucket}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }

    def remove(self) -> int:
        """Delete the bucket with all seals that aren't locked; return how many are, which keep it."""
        empty(self._account, self.name)
        locked = len(self._versions())
        if not locked:
            try:
                self._s3.delete_bucket(Bucket=self.name)
            except ClientError as error:
                if not is_gone(error):
                    raise
        return locked

    def locked_until(self) -> datetime:
        """Return when all seals can be deleted; the retention may have been changed since the first one."""
        versions = sorted(self._versions(), key=lambda version: version["LastModified"])
        return max(self._end_of(version) for version in (versions[0], versions[-1]))

    def _end_of(self, version: dict[str, Any]) -> datetime:
        found = self._s3.head_object(Bucket=self.name, Key=version["Key"], VersionId=version["VersionId"])
        end: datetime = found["ObjectLockRetainUntilDate"]
        return end

    def _versions(self) -> list[dict[str, Any]]:
        try:
            pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.name)
            return [version for page in pages for version in page.get("Versions", ())]
        except ClientError as error:
            if not is_gone(error):
                raise
            return []
