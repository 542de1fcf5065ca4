"""The engines of the contract suites, and studies that run over them."""

from __future__ import annotations

from tests.study.contract.conftest import (
    _moto,
    _quick_answers,
    crowded,
    dynamodb,
    engine,
    seat_players,
    shared,
    sqlite,
    torn,
)

__all__ = [
    "_moto",
    "_quick_answers",
    "crowded",
    "dynamodb",
    "engine",
    "seat_players",
    "shared",
    "sqlite",
    "torn",
]
