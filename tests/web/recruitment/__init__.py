"""The ledger, the caps, and what recruiters report."""
