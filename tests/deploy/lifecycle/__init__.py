"""A whole app: deployed, launched, watched, destroyed, rehearsed."""
