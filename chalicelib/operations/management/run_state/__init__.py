"""The run as a whole: its state, its pulse, its recruitment, its dead letters."""
