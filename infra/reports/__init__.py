"""Reports on a run: its state, hourly pay, participants by status."""
