"""A lab on AWS: deployed, connected with apps of the account, given new keys, and deleted."""
