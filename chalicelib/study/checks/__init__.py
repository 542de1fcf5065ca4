"""Checks a study when it is loaded: its items, its timeline, its groups and cohorts."""

from __future__ import annotations

from .study_checks import check_study, name_taken, reserved_names

__all__ = ["check_study", "name_taken", "reserved_names"]
