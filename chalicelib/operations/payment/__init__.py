"""The ledger: what is owed, and that it is paid once."""
