"""Messages of people who manage the run to participants: sent, shown on pages, seen and closed."""
