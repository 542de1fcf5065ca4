"""The static site: an experiment's templates and files to pages that any web server can hand out."""

from __future__ import annotations

from infra.site.build import build
from infra.site.per_request import per_request_variables
from infra.site.resolve import resolve
from infra.site.source import BuiltSite, Finding, SiteError, SiteSource

__all__ = ["BuiltSite", "Finding", "SiteError", "SiteSource", "build", "per_request_variables", "resolve"]
