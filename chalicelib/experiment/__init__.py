"""The author's door: what experiments are written with."""
