"""Tools for the dashboard's tests and files."""
