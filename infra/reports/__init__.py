"""Reports on a run: its current status, hourly pay, and participants by status."""
