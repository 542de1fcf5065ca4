"""Commands for the materials of studies."""
