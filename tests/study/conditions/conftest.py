"""The engines that slots are tested on."""

from __future__ import annotations

from tests.contract.crowds import crowded, shared
from tests.contract.engines import _moto, dynamodb, engine, sqlite, torn

__all__ = ["_moto", "crowded", "dynamodb", "engine", "shared", "sqlite", "torn"]
