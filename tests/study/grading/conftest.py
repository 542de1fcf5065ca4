"""Runs of studies with grades."""

from __future__ import annotations

from tests.study.studies import open_study
from tests.web.conftest import world

__all__ = ["open_study", "world"]
