"""The settings of an experiment: their registry, sources and validation."""
