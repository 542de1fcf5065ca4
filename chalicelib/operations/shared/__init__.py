"""Shared by all operations: the context, access rules, idempotency, seeds, tokens."""
