"""Accounts: the users of a run, the roles and rights granted to them, and their tokens for programs."""
