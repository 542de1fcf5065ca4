"""`petri preflight`: simulates a launch with bots, and reports what it would do and cost."""

from __future__ import annotations

from infra.simulate.pace import Pace

from .account_limits import AccountAccess
from .launch_report import PreflightReport
from .report_builder import PreflightOptions, preflight

__all__ = ["AccountAccess", "Pace", "PreflightOptions", "PreflightReport", "preflight"]
