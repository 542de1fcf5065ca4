"""Who may do what with a run: rights, roles, actors, and the rules for records."""
