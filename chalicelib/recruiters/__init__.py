"""Recruiters behind the one port; a new recruiter is a new folder (ARCHITECTURE.md lists the steps)."""
