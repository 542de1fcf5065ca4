"""Builds the package for Lambda."""
