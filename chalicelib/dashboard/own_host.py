"""Decides whether a request came to the dashboard's own host, and how browsers keep its session.

Pages of experiments run authors' scripts and show what participants write, so the dashboard never shares
their origin: a run on this machine serves it as `localhost`, and the pages as `127.0.0.1`. A deployed app has
a distribution for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from chalicelib.access.origin_header import OriginKeys, is_from_own_host

OWN_NAME: Final = "localhost"
_OUTSIDE_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]")


def is_own_host(headers: Mapping[str, str], keys: OriginKeys | None) -> bool:
    """Whether a request came to the dashboard's host; `keys`: those of a deployed app's distribution."""
    if keys is not None:
        return is_from_own_host(headers, keys)
    return host_name(headers.get("host") or "") == OWN_NAME


def host_name(header: str) -> str:
    """Return the name in a Host header, without the port."""
    return header.strip().lower().partition(":")[0].rstrip(".")


def is_secure(headers: Mapping[str, str]) -> bool:
    """Whether the browser's own connection is HTTPS."""
    return (headers.get("x-forwarded-proto") or "").partition(",")[0].strip().lower() == "https"


def is_same_origin(headers: Mapping[str, str], address: Callable[[], str] | None = None) -> bool:
    """Whether a change comes from a page of this host; browsers send Origin with each POST.

    `address`: returns that of a deployed app's dashboard, since CloudFront doesn't forward the Host header.
    """
    sent = urlsplit(headers.get("origin") or "")
    fetched_from = headers.get("sec-fetch-site") or "same-origin"
    is_own = f"{sent.scheme}://{sent.netloc.lower()}" == origin_of(headers, address)
    return is_own and fetched_from == "same-origin"


def origin_of(headers: Mapping[str, str], address: Callable[[], str] | None = None) -> str:
    """Return scheme and host of the dashboard, as the browser knows them; `address`: see `is_same_origin`."""
    scheme = "https" if is_secure(headers) else "http"
    host = headers.get("host") or "" if address is None else urlsplit(address()).netloc
    return f"{scheme}://{host.strip().lower()}"


def cookie_name(run_id: str, *, secure: bool) -> str:
    """Return the name of the session's cookie; it carries the run, since ports share cookies."""
    name = f"petri-{_OUTSIDE_NAMES.sub('_', run_id)}"
    return f"__Host-{name}" if secure else name


def read_cookie(headers: Mapping[str, str], name: str) -> str:
    """Return a cookie, or "" when the request has none of this name."""
    pairs = (part.strip().partition("=") for part in (headers.get("cookie") or "").split(";"))
    return next((value for own, _, value in pairs if own == name), "")


def set_cookie(name: str, value: str, *, secure: bool) -> str:
    """Return a Set-Cookie header; without a value it deletes the cookie."""
    age = "" if value else "; Max-Age=0"
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}{age}"
