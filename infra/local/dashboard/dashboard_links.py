"""Makes links that sign an operator in to the dashboard of a run."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from chalicelib.dashboard import sessions
from chalicelib.dashboard.own_host import OWN_NAME
from chalicelib.services import App


def sign_in_link(app: App, address: str) -> str:
    """Return a link that signs in once, within two minutes; `address`: where this machine serves the run."""
    return sign_in_address(dashboard_address(address), app.run(sessions.create_ticket))


def sign_in_address(dashboard: str, ticket: str) -> str:
    """Return the address of the page whose button signs in."""
    return f"{dashboard}/sign-in?{urlencode({'ticket': ticket})}"


def dashboard_address(address: str) -> str:
    """Return the address of a local run's dashboard, which has a host name of its own."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(("http", f"{OWN_NAME}{port}", "/dashboard", "", ""))
