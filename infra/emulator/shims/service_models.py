"""Parses botocore's service models once in a process, and copies them for each session."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.loaders import JSONFileLoader


@contextmanager
def read_once() -> Iterator[None]:
    """Share parsed service models between sessions, for the block.

    Each session gets its own copy, because clients modify it.
    """
    load, read = JSONFileLoader.load_file, {}

    def load_file(loader: JSONFileLoader, path: str) -> Any:
        if path not in read:
            read[path] = marshal.dumps(_plain(load(loader, path)))
        return marshal.loads(read[path])  # noqa: S302 - what was written just above

    with patch.object(JSONFileLoader, "load_file", load_file):
        yield


def _plain(value: Any) -> Any:
    """Return the model with plain dictionaries, which can be copied quickly."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
