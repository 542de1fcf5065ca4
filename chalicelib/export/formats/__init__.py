"""Formats of files for spreadsheets, whose libraries are imported when a file is written."""
