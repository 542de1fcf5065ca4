"""The fixtures of the contract suites."""

from __future__ import annotations

from tests.contract.engines import _moto, closed_engine, dynamodb, engine, own_dynamodb, sqlite
from tests.contract.factories import crowded, small_steps

__all__ = [
    "_moto",
    "closed_engine",
    "crowded",
    "dynamodb",
    "engine",
    "own_dynamodb",
    "small_steps",
    "sqlite",
]
