"""Defines the stock transformations."""

from __future__ import annotations

from chalicelib.model.transformation import Mutation, Replication, Transformation


class Compression(Transformation):
    """A transformation to a shorter info."""

    type = "compression"


class Response(Transformation):
    """A transformation to an info that answers another."""

    type = "response"


__all__ = ["Compression", "Mutation", "Replication", "Response", "Transformation"]
