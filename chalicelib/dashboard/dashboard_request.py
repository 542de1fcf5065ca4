"""A request for a page of the dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DashboardRequest:
    """A request as the routes pass it on."""

    method: str
    headers: Mapping[str, str]
    #: Every value of the query and of the form, by name.
    fields: Mapping[str, Sequence[str]]
    tab: str = ""
    id: str | None = None
    part: str | None = None
    #: The network address of the browser.
    address: str = ""

    def one(self, name: str) -> str:
        """Return the first value of a field, or ""."""
        return next(iter(self.fields.get(name, ())), "")

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks for a part of a page."""
        return self.headers.get("hx-request") == "true" and self.headers.get("hx-boosted") != "true"

    @property
    def is_change(self) -> bool:
        """Whether the request sends a form."""
        return self.method == "POST"
