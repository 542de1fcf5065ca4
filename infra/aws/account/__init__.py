"""The operator's AWS account: credentials, names, errors, and what the account allows."""
