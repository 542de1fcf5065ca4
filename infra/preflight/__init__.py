"""`petri preflight`: what a launch would do and cost, tried with bots in fast time."""

from __future__ import annotations

from infra.preflight.accounts import Doors
from infra.preflight.making import Wish, preflight
from infra.preflight.pace import Pace
from infra.preflight.report import Report

__all__ = ["Doors", "Pace", "Report", "Wish", "preflight"]
