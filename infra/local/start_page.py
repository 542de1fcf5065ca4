"""Renders the start page of a debug run: links for the next participants, and the run's status."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, Template
from markupsafe import Markup

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.recruiters.entry_urls import entry_addresses
from chalicelib.services import App
from infra.reports.run_status import entries_left, read_run_status

from .hook_failures import HookFailures

#: Number of links on the page.
LINKS = 3
_TEMPLATE = Path(__file__).with_name("start_page.html")


class StartPage:
    """Renders the page for each request; a link stays until a participant has begun with it."""

    def __init__(self, app: App, run_id: str, base: Callable[[], str]) -> None:
        """`base`: returns the base address of links."""
        self._app = app
        self._run_id = run_id
        self._base = base
        self._links: list[str] = []
        #: failures of the experiment's code, if they are collected
        self.failures: HookFailures | None = None

    @cached_property
    def _template(self) -> Template:
        return Environment(autoescape=True).from_string(_TEMPLATE.read_text(encoding="utf-8"))

    def html(self) -> str:
        """Return the current page."""
        links = self._fresh_links()
        failures = [] if self.failures is None else self.failures.failures
        return self._template.render(
            title=RunSettings.read(self._app.config).title,
            run_id=self._run_id,
            links=links,
            qr=_qr(links[0]),
            base=self._base(),
            is_loopback=_is_loopback(self._base()),
            standing=self._app.run(read_run_status),
            failures=[str(one) for one in failures],
        )

    def _fresh_links(self) -> Sequence[str]:
        base = self._base()
        known = {_assignment(link): link for link in self._links if link.startswith(f"{base}/")}
        left = self._app.run(entries_left, list(known))
        new = entry_addresses(lambda: base, "hotair", "debug", LINKS - len(left))
        self._links = [*(known[one] for one in left), *new]
        return self._links


def _assignment(link: str) -> str:
    return parse_qs(urlsplit(link).query)["assignmentId"][0]


def _qr(link: str) -> Markup:
    # Lazy import: only this page draws codes.
    import segno

    # segno's SVG contains only numbers.
    return Markup(segno.make(link, micro=False).svg_inline(scale=4))  # noqa: S704


def _is_loopback(base: str) -> bool:
    host = urlsplit(base).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
