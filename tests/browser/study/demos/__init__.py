"""Studies among the demos, in a browser."""
