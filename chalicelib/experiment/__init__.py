"""Contains what experiments are written with."""
