"""Profiles of users: what is known about each, and who may change it."""
