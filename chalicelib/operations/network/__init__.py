"""Joining a network; infos, vectors, transmissions, transformations."""
