"""The engines of the contract suites, and studies that run over them."""

from __future__ import annotations

from tests.contract.conftest import _moto, _quick_answers, crowded, dynamodb, engine, shared, sqlite, torn
from tests.study.contract.players import hundred_writes, seat_players

__all__ = [
    "_moto",
    "_quick_answers",
    "crowded",
    "dynamodb",
    "engine",
    "hundred_writes",
    "seat_players",
    "shared",
    "sqlite",
    "torn",
]
