"""Checks the Host header of requests to a local run, to prevent DNS rebinding.

A website can resolve its own host name to this machine, so that its scripts can read the run's responses as
same-origin. IP addresses can't be resolved to another machine, so all of them are allowed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit


class AllowedHosts:
    """Decides which Host headers a run accepts."""

    def __init__(self, address: Callable[[], str], bound_to: str = "") -> None:
        """`address`: returns the base address of links; `bound_to`: the host that the run listens on."""
        self._address = address
        self._own = {"localhost", bound_to.lower(), socket.gethostname().lower()} - {""}

    def allow(self, header: str | None) -> bool:
        """Whether this Host header is accepted; browsers always send one, so a request without one is."""
        if header is None:
            return True
        name = _name(header)
        return name in self._own or name == _host(self._address()) or _is_ip_address(name)


def _name(header: str) -> str:
    host = header.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def _host(address: str) -> str:
    return (urlsplit(address).hostname or "").lower()


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
