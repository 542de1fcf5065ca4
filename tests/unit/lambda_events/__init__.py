"""Conversion of HTTP requests and frames to Lambda events."""
