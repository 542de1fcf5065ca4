"""Mechanical Turk: `build` makes the recruiter, `events` reads its notifications."""

from __future__ import annotations

from .recruiter import MTurkRecruiter, build

__all__ = ["MTurkRecruiter", "build"]
