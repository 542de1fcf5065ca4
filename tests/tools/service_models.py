"""What botocore knows of AWS's services, read from its files once for all clients of a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.loaders import JSONFileLoader


@contextmanager
def read_once() -> Iterator[None]:
    """Let sessions share what they read while the block lasts; else each one parses megabytes anew."""
    usual, read = JSONFileLoader.load_file, {}

    def load_file(loader: JSONFileLoader, path: str) -> Any:
        if path not in read:
            read[path] = usual(loader, path)
        return read[path]

    with patch.object(JSONFileLoader, "load_file", load_file):
        yield
