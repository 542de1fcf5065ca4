"""The fixtures of the contract suites."""

from __future__ import annotations

from tests.contract.crowds import crowded, dead_leases, full_steps, shared, small_steps
from tests.contract.engines import _moto, closed_engine, dynamodb, engine, own_dynamodb, sqlite, torn
from tests.tools.answers import _quick_answers

__all__ = [
    "_moto",
    "_quick_answers",
    "closed_engine",
    "crowded",
    "dead_leases",
    "dynamodb",
    "engine",
    "full_steps",
    "own_dynamodb",
    "shared",
    "small_steps",
    "sqlite",
    "torn",
]
