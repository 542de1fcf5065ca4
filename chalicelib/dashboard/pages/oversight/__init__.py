"""Pages on the run as a whole: its settings, its versions and its audit log."""
