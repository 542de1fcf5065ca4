"""Participants, nodes and infos over HTTP."""
