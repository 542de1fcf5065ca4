"""Commands for runs on this machine."""
