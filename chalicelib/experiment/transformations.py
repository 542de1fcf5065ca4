"""The stock kinds of transformation."""

from __future__ import annotations

from chalicelib.model.transformation import Mutation, Replication, Transformation


class Compression(Transformation):
    """An info made shorter."""

    type = "compression"


class Response(Transformation):
    """An info made in answer to another."""

    type = "response"


__all__ = ["Compression", "Mutation", "Replication", "Response", "Transformation"]
