"""The operator's account at AWS: credentials, names, errors, and what the account allows."""
