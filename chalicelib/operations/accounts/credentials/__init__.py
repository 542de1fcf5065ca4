"""Credentials: what users prove who they are with, such as passwords, one-time codes and recovery codes."""
