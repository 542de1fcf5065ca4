"""The fixture with which a folder of tests lets moto answer quickly."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.emulator.shims.fast_dynamodb import quick_answers


@pytest.fixture(scope="session", autouse=True)
def _quick_answers() -> Iterator[None]:
    """For a conftest to import."""
    with quick_answers():
        yield
