"""Runs a test over each sample of an item."""

from __future__ import annotations

import pytest

from .samples import named_samples


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that takes `item` each sample in turn."""
    if "item" in metafunc.fixturenames:
        found = dict(named_samples())
        metafunc.parametrize("item", found.values(), ids=found.keys())
