"""Tasks that run in the browser: blocks of trials, and embedded files."""
