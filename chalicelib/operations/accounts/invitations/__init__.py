"""Invitations: links with which people become users, once, within three days."""
