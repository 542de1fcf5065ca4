"""The `petri` command: options and output that its commands share."""
