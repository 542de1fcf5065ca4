"""Rights, roles and actors of a run, and the rules for its records."""
