"""Stores what participants upload: in a folder on this machine, or in S3."""
