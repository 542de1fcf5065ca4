"""Compiles item banks: the study's own in `items/`, and those that it shares with other studies."""

from .bank_pages import compile_banks

__all__ = ["compile_banks"]
