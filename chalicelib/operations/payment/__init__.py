"""Payments: the ledger of what is owed, from which each payment is sent once."""
