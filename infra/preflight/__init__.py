"""`petri preflight`: what a launch would do and cost, tried with bots in fast time."""

from __future__ import annotations

from infra.simulate.pace import Pace

from .accounts import AccountAccess
from .build import PreflightOptions, preflight
from .report import Report

__all__ = ["AccountAccess", "Pace", "PreflightOptions", "Report", "preflight"]
