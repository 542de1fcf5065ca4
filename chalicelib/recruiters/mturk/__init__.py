"""Mechanical Turk: `build` makes the recruiter, `events` reads what Mechanical Turk reports."""

from __future__ import annotations

from .recruiter import MTurkRecruiter, build

__all__ = ["MTurkRecruiter", "build"]
