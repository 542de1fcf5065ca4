"""Exports typed properties: `generation = prop.integer(2)` stores a whole number in property2."""

from __future__ import annotations

from chalicelib.experiment.prop import Property, boolean, integer, json_value, number, text
from petri._public import present_as

__all__ = ["Property", "boolean", "integer", "json_value", "number", "text"]

present_as(__name__, globals(), __all__)
