"""The page of a public entry of the library, which people without an account may open."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from chalicelib import services
from chalicelib.dashboard.dashboard_request import DashboardRequest
from chalicelib.dashboard.page_call import Rendered
from chalicelib.dashboard.rendering import render_alone
from chalicelib.errors import InvalidField, NotFound
from chalicelib.operations.study_library.entry_rows import read_public_entry
from chalicelib.study.study_library.entry_texts import checked_entry_name

PUBLIC_STUDY: Final = "public-study"
#: The same for an entry that isn't public, is deleted, or doesn't exist.
_ABSENT: Final = "There is no public study at this address. Check the address, or ask who sent it to you."
#: Browsers ask each time, since an entry can be hidden at any moment.
_CACHING: Final = "no-cache"


def public_entry_address(origin: str, name: str) -> str:
    """Return the address of an entry's public page; `origin`: that of the dashboard."""
    return f"{origin}/dashboard/{PUBLIC_STUDY}/{name}"


def answer_public_entry(request: DashboardRequest) -> Rendered:
    """Show a public entry to anyone; NotFound, always alike, for any other entry and any other request."""
    if request.is_change or request.part is not None or request.id is None:
        raise NotFound(_ABSENT)
    try:
        detail = services.current().run(read_public_entry, checked_entry_name(request.id))
    except (InvalidField, NotFound) as refused:
        raise NotFound(_ABSENT) from refused
    shown = render_alone("public_study.html", detail=detail, entry=detail.entry)
    tag = f'"{hashlib.sha256(shown.html.encode()).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": _CACHING}
    if request.headers.get("if-none-match") == tag:
        return Rendered(status=304, headers=headers)
    return replace(shown, headers=headers)
