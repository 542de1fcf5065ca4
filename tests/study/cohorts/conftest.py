"""Runs of studies over SQLite, and over an engine that takes as many writes as DynamoDB."""

from __future__ import annotations

from tests.contract.conftest import sqlite
from tests.study.contract.players import hundred_writes, seat_players
from tests.web.conftest import world

__all__ = ["hundred_writes", "seat_players", "sqlite", "world"]
