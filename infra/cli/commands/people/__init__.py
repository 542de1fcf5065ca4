"""What `petri users` does with roles, groups, invitations and profiles."""
