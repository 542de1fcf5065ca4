"""The run as a whole: its state, its pulse, recruitment, dead letters, later sessions, those who wait."""
