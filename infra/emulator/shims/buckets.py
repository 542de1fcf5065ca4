"""What moto's S3 takes too simply: policies with conditions, which it carries out as if there were none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket


@contextmanager
def buckets() -> Iterator[None]:
    """Let moto's S3 judge requests by those statements only that hold without a condition."""

    def judge_plainly(self: Any, action: str, resource: str) -> Any:
        if not self.policy:
            return PermissionResult.NEUTRAL
        told = json.loads(self.policy)
        told["Statement"] = [one for one in told["Statement"] if not one.get("Condition")]
        return IAMPolicy(json.dumps(told)).is_action_permitted(action, resource)

    with patch.object(FakeBucket, "get_permission", judge_plainly):
        yield
