"""Pages about the people who manage a run: users, roles, groups, invitations."""
