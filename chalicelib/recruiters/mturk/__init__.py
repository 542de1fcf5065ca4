"""Mechanical Turk: places as HITs, notifications from SNS, payments by approvals and bonuses."""

from __future__ import annotations

from .recruiter import MTurkRecruiter, build

__all__ = ["MTurkRecruiter", "build"]
