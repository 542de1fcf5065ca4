"""Live sessions: people join with a PIN, and a host paces the pages of the study for all of them."""
