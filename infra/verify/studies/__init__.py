"""Checks of studies that need their pages, their conditions and their settings at once."""
