"""What people look up about a run as a whole: its settings, what it is made of, and its audit log."""
