"""Who may call what, and what is refused."""
