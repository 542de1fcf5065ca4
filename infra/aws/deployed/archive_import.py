"""Loads an export into the table of a deployed app, before participants arrive."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from chalicelib.model import keys
from chalicelib.storage.engine import Engine
from infra.aws.account.aws_errors import is_gone
from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.importing import load_zip
from infra.problems import OperatorProblem

from . import deployment_info
from .upload_store import files_of

#: The object in the keep bucket that records which archive is in the table, and whether it is complete.
KEY: Final = "archive.json"


def check(account: Account, names: Names, archive: Path) -> None:
    """Raise OperatorProblem for a table that can't take an archive, before anything of the app is changed."""
    begun = _begun(account.client("s3"), names.keep_bucket(account.number))
    if begun is None or (begun["complete"] and begun["sha256"] != _digest(archive)):
        with contextlib.closing(account.engine(names.table)) as engine:
            _refuse_a_run(engine, names)


def populate(account: Account, names: Names, archive: Path) -> str:
    """Load an export into the table, once; an interrupted load starts over. Returns what was done.

    Raises OperatorProblem for a table that already contains a run.
    """
    digest = _digest(archive)
    s3, bucket = account.client("s3"), names.keep_bucket(account.number)
    begun = _begun(s3, bucket)
    if begun == {"sha256": digest, "complete": True}:
        return f"{archive.name} is in the table since an earlier deploy"
    with contextlib.closing(account.engine(names.table)) as engine:
        if begun is not None and not begun["complete"]:
            _clear(account, names.table)
        else:
            _refuse_a_run(engine, names)
        _note(s3, bucket, digest, complete=False)
        counts = load_zip(archive, engine, files_of(account, names))
    _note(s3, bucket, digest, complete=True)
    return ", ".join(f"{count} {table}" for table, count in counts.items() if count) or "it is empty"


def _digest(archive: Path) -> str:
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def _refuse_a_run(engine: Engine, names: Names) -> None:
    if engine.get([keys.HEADER, keys.EXPERIMENT]):
        raise OperatorProblem(
            f"The table of {names.app} holds a run already, so the archive can't go into it. Deploy "
            "without --archive, or under another --app."
        )


def _begun(s3: Any, bucket: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=KEY)["Body"].read())
    except ClientError as error:
        if is_gone(error):
            return None
        raise
    return found


def _note(s3: Any, bucket: str, digest: str, *, complete: bool) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=json.dumps({"sha256": digest, "complete": complete}).encode())


def _clear(account: Account, table: str) -> None:
    """Delete the items of an interrupted load; no participant can begin before a load has finished."""
    dynamodb = account.session.resource("dynamodb").Table(table)
    pages = account.client("dynamodb").get_paginator("scan")
    with dynamodb.batch_writer() as batch:
        for page in pages.paginate(TableName=table, ProjectionExpression="pk, sk"):
            for item in page["Items"]:
                key = {"pk": item["pk"]["S"], "sk": item["sk"]["S"]}
                if (key["pk"], key["sk"]) != deployment_info.KEY:
                    batch.delete_item(Key=key)
