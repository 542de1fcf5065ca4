"""Exports a deployed run's data from its table into a zip, in the same format as for a local run."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.export.archive import CODE, write_zip
from chalicelib.export.personal_data import manifest_of
from infra.aws.account.aws_errors import is_gone
from infra.aws.account.names import Names
from infra.aws.account.session import Account

from . import deployment_info
from .upload_store import files_of


def export(
    account: Account,
    names: Names,
    target: Path,
    *,
    scrub: bool = True,
    excel_safe: bool = False,
    uploads: bool = False,
) -> Path:
    """Write the zip, with the deployed code and return its path; OperatorProblem without an app.

    `uploads`: include the files that participants have uploaded.
    """
    deployed = deployment_info.demand(account, names)
    manifest: dict[str, Any] = {
        "stage": names.stage,
        "deployed_at": deployed.deployed_at,
        **manifest_of(deployed.version),
    }
    with (
        tempfile.TemporaryDirectory(prefix="petri-export-") as place,
        contextlib.closing(account.engine(names.table)) as engine,
    ):
        code = _code(account, names, Path(place))
        return write_zip(
            engine,
            target,
            app_id=names.app,
            scrub=scrub,
            code=code,
            manifest=manifest,
            excel_safe=excel_safe,
            files=files_of(account, names) if uploads else None,
        )


def _code(account: Account, names: Names, place: Path) -> Path | None:
    """Fetch the archive of the deployed code; None when it wasn't kept."""
    keep = names.keep_bucket(account.number)
    try:
        found = account.client("s3").get_object(Bucket=keep, Key=CODE)
    except ClientError as error:
        if is_gone(error):
            return None
        raise
    path = place / CODE
    path.write_bytes(found["Body"].read())
    return path
