"""The operator's account, keys and names."""
