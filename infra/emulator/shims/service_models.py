"""What botocore knows of AWS's services, parsed once in a process, and copied for each who asks."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.loaders import JSONFileLoader


@contextmanager
def read_once() -> Iterator[None]:
    """Let no session parse what another has parsed while the block lasts.

    Each gets a copy of its own, because clients write in what they have read.
    """
    usual, read = JSONFileLoader.load_file, {}

    def load_file(loader: JSONFileLoader, path: str) -> Any:
        if path not in read:
            read[path] = marshal.dumps(_plain(usual(loader, path)))
        return marshal.loads(read[path])  # noqa: S302 - what was written just above

    with patch.object(JSONFileLoader, "load_file", load_file):
        yield


def _plain(value: Any) -> Any:
    """Return what was read, with dictionaries of the one kind that can be copied quickly."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
