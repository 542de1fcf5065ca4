"""The dashboard of a local run: its host name, its files, and the links that sign in."""
