"""Extends moto with features that it lacks or simplifies."""
