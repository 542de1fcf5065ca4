"""Opens the bucket of a deployed app's uploads for the operator."""

from __future__ import annotations

from chalicelib.storage.files.s3_files import S3Files
from infra.aws.account.names import Names
from infra.aws.account.session import Account


def files_of(account: Account, names: Names) -> S3Files:
    """Return the file store of an app, with the operator's own keys."""
    return S3Files(
        lambda: names.files_bucket(account.number),
        lambda: account.client("s3"),
        lambda: names.site_bucket(account.number),
    )
