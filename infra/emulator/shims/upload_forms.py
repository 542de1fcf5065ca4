"""Makes moto's S3 hold posted forms to their signed policy, as S3 does; moto stores whatever is posted.

What is checked: the policy's expiration, each condition on a field, that a condition covers each field, the
size, and the SHA-256, which is stored as the object's checksum. Like all of moto, it checks no signatures.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final
from unittest.mock import patch

from moto.s3.responses import S3Response

_ALGORITHM, _CHECKSUM = "x-amz-checksum-algorithm", "x-amz-checksum-sha256"
#: Fields that need no condition.
_FREE: Final = {"policy", "x-amz-signature", "awsaccesskeyid", "file"}
Refusal = tuple[int, str]


@contextmanager
def upload_forms() -> Iterator[None]:
    """Check forms that are posted to buckets, for the block."""
    original = S3Response._bucket_response_post

    def post(handler: Any, request: Any, bucket_name: str) -> Any:
        fields = {name.lower(): str(value) for name, value in dict(handler.form_data or {}).items()}
        if "policy" not in fields:
            return original(handler, request, bucket_name)
        content = handler.body if isinstance(handler.body, bytes) else str(handler.body).encode()
        refusal = refused(fields, content, bucket_name, datetime.now(UTC))
        if refusal is not None:
            status, code = refusal
            return status, {}, f"<Error><Code>{code}</Code></Error>"
        answer = original(handler, request, bucket_name)
        key = handler.backend.get_object(bucket_name, handler.querystring["key"][0])
        if _CHECKSUM in fields:
            key.checksum_algorithm, key.checksum_value = fields[_ALGORITHM], fields[_CHECKSUM]
        key.set_metadata({"Content-Type": fields.get("content-type", "binary/octet-stream")})
        return int(answer[0]), *answer[1:]

    with patch.object(S3Response, "_bucket_response_post", post):
        yield


def refused(fields: Mapping[str, str], content: bytes, bucket: str, now: datetime) -> Refusal | None:
    """Return status and code with which S3 refuses a form; None when it takes it."""
    policy = json.loads(base64.b64decode(fields["policy"]))
    if datetime.fromisoformat(policy["expiration"]) <= now:
        return 403, "AccessDenied"
    covered = set(_FREE)
    for condition in policy["conditions"]:
        if isinstance(condition, list) and condition[0] == "content-length-range":
            if not int(condition[1]) <= len(content) <= int(condition[2]):
                return 400, "EntityTooLarge" if len(content) > int(condition[2]) else "EntityTooSmall"
            continue
        name, expected, matches = _condition(condition)
        covered.add(name)
        given = bucket if name == "bucket" else fields.get(name, "")
        if not (given.startswith(expected) if matches == "starts-with" else given == expected):
            return 403, "AccessDenied"
    if not set(fields) <= covered:
        return 403, "AccessDenied"
    wanted = fields.get(_CHECKSUM)
    if wanted is not None and base64.b64decode(wanted) != hashlib.sha256(content).digest():
        return 400, "BadDigest"
    return None


def _condition(condition: Any) -> tuple[str, str, str]:
    """Return field, value and kind of a condition."""
    if isinstance(condition, dict):
        ((name, value),) = condition.items()
        return str(name).lower(), str(value), "eq"
    kind, name, value = condition
    return str(name).removeprefix("$").lower(), str(value), str(kind)
