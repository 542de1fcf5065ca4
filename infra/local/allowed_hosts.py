"""The names under which a local run is served: a request that names another comes from a page elsewhere.

A page on the web can point a name of its own at this machine (DNS rebinding), and its scripts then read
answers as if they were its own. Addresses in figures can't be pointed anywhere, so they are all fine.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit


class AllowedHosts:
    """Says which Host headers are this run's."""

    def __init__(self, address: Callable[[], str], bound_to: str = "") -> None:
        """`address`: where links lead; `bound_to`: the name or address that the run listens at."""
        self._address = address
        self._own = {"localhost", bound_to.lower(), socket.gethostname().lower()} - {""}

    def allow(self, header: str | None) -> bool:
        """Whether a request with this Host header is meant for this run; none at all is no browser's."""
        if header is None:
            return True
        name = _name(header)
        return name in self._own or name == _host(self._address()) or _is_in_figures(name)


def _name(header: str) -> str:
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").lower()


def _is_in_figures(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
