"""The package that Lambda gets."""
