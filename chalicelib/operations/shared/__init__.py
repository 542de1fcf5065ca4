"""What every operation uses: the context, access rules, idempotency, seeds, tokens."""
