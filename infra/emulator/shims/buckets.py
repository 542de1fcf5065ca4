"""Makes moto's S3 ignore policy statements with conditions, which it applies as if they had none."""

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
    """Make moto's S3 apply only statements without a condition."""

    def judge_plainly(self: Any, action: str, resource: str) -> Any:
        if not self.policy:
            return PermissionResult.NEUTRAL
        policy = json.loads(self.policy)
        policy["Statement"] = [one for one in policy["Statement"] if not one.get("Condition")]
        return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)

    with patch.object(FakeBucket, "get_permission", judge_plainly):
        yield
