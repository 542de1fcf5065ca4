"""Registers, loads and validates the settings of an experiment."""
