"""The pieces of a deployed app."""
