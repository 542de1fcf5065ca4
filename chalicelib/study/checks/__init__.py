"""Checks a study when it is loaded: its items, its timeline, its groups and cohorts, its sessions."""

from __future__ import annotations

from .session_checks import address_item, session_problems
from .study_checks import check_study, name_taken, reserved_names

__all__ = ["address_item", "check_study", "name_taken", "reserved_names", "session_problems"]
