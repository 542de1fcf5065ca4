"""Live sessions of studies over every engine."""
