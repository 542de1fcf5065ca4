"""Makes moto's CloudFront store which functions a behaviour calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.cloudfront.models import DefaultCacheBehaviour


@contextmanager
def distributions() -> Iterator[None]:
    """Make moto's CloudFront store the functions of behaviours, for the block."""
    begin = DefaultCacheBehaviour.__init__

    def begin_and_keep(self: Any, config: dict[str, Any]) -> None:
        begin(self, config)
        associations = config.get("FunctionAssociations") or {"Quantity": 0}
        self.function_associations = associations

    with patch.object(DefaultCacheBehaviour, "__init__", begin_and_keep):
        yield
