"""The AWS resources of a deployed app."""
