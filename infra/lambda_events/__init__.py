"""Builds the Lambda events for requests and socket frames, for hosts on this machine."""
