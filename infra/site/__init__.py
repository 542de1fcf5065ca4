"""Builds the static site: an experiment's templates and files become pages for any web server."""

from __future__ import annotations

from .build import build
from .per_request import per_request_variables
from .resolve import resolve
from .source import BuiltSite, PerRequestName, SiteError, SiteSource

__all__ = [
    "BuiltSite",
    "PerRequestName",
    "SiteError",
    "SiteSource",
    "build",
    "per_request_variables",
    "resolve",
]
