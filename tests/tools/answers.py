"""A fixture that makes moto's DynamoDB fast for a folder of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.emulator.shims.fast_dynamodb import quick_answers


@pytest.fixture(scope="session", autouse=True)
def _quick_answers() -> Iterator[None]:
    """Import this fixture in a conftest."""
    with quick_answers():
        yield
