"""Prints the status of a run while it is served."""

from __future__ import annotations

import logging
import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from chalicelib.log_redaction import FOR_OPERATOR
from chalicelib.recruiters.entry_urls import entry_addresses
from infra.local.dashboard.dashboard_links import sign_in_link
from infra.local.hook_failures import HookFailure
from infra.local.lifecycle.crowd import Participation
from infra.local.lifecycle.run import Run

from .output import err, out
from .progress import BotProgress

#: Prefix of links in the log of recruiters that make their own.
_REQUESTED = "New participant requested: "

#: How many links are printed at most for participants who are missing beside bots.
MAX_LINKS = 5


@dataclass
class Links:
    """How links are shown: with which address, and whether they are opened."""

    browser: bool = True
    proxy: int | None = None
    #: the public address, if it isn't the one that the run listens at
    address: str = ""

    def through_proxy(self, url: str) -> str:
        """Return the base address for links: the public one, or the one with the proxy's port."""
        if self.address:
            return self.address
        if self.proxy is None:
            return url
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{parts.hostname}:{self.proxy}"))

    def lines(self) -> list[str]:
        """Return more lines about how people take part; none for links that a recruiter makes."""
        return []

    def open(self, link: str) -> None:
        """Open a link in a browser, if there is a display."""
        if self.browser and _has_screen():
            webbrowser.open(link)


@dataclass
class HostLinks(Links):
    """The links of a live session: people join by its PIN."""

    session: int = 0
    pin: str = ""

    def lines(self) -> list[str]:
        """Return what the host needs to know."""
        return [
            f"  Join at {self.address}/join with the PIN {self.pin[:3]} {self.pin[3:]}",
            f"  Host's screen: on the dashboard, Live sessions, Session {self.session}",
        ]


class PeopleWatcher:
    """Prints where a run is served, and prints and opens the links of requested participants."""

    def __init__(self, run: Run, database: Path | None, links: Links) -> None:
        """`database`: the file with which the run can be continued later, if there is one."""
        self._run = run
        self._database = database
        self._links = links
        self._console = out()

    def started(self, url: str, launched: str) -> None:
        """Print where the run is served, and how to enter it."""
        self._run.address.url = self._links.through_proxy(url)
        self._console.print(f"{self._run.loaded.name} is running at {self._run.address.url}", markup=False)
        if self._run.app.config.get("mode") == "debug":
            self._console.print(
                "  This is debug mode: anyone can take part under any name. To serve participants, use "
                "petri serve."
            )
        self._console.print(f"  Operator's token: {self._run.operator_token}", markup=False)
        # The dashboard is open on this machine only, whatever the public address is.
        dashboard = sign_in_link(self._run.app, url)
        self._console.print(f"  Dashboard: {dashboard} (works once, for two minutes)", markup=False)
        self._links.open(dashboard)
        if self._database is not None:
            self._console.print(
                f"  Data: {self._database}; continue this run later with --id {self._run.id}", markup=False
            )
        self._console.print("  Press Ctrl-C to end the run and export its data.")
        for line in self._links.lines():
            self._console.print(line, markup=False)
        if self._links.lines():
            return
        if launched and not self._run.app.config.get("auto_recruit"):
            if self._run.app.config.get("mode") != "debug":
                self._console.print(
                    "auto_recruit is off, so no participants are recruited. Create links with petri recruit."
                )
                return
            link = entry_addresses(lambda: self._run.address.url, "hotair", "debug", 1)[0]
            self._console.print(
                "auto_recruit is off, so no participants are recruited. To try it yourself, open:"
            )
            self.requested([link])

    def ended(self, result: Participation) -> None:
        """Print the problems of a bot that the experiment requested."""
        for problem in result.problems:
            self._console.print(f"bot {result.number}: {problem}", markup=False)

    def requested(self, links: list[str]) -> None:
        """Print the links that a recruiter made, and open the first."""
        for link in links:
            self._console.print(link, markup=False)
        self._links.open(links[0])


class BotsWatcher:
    """Shows how many bots have finished."""

    def __init__(self, run: Run, progress: BotProgress, missing: int = 0) -> None:
        """`progress`: counts the bots. `missing`: how many participants a group lacks beside them."""
        self._run = run
        self._progress = progress
        self._missing = missing

    def started(self, url: str, _launched: str) -> None:
        """Record the address, which the bots know already, and print links for the missing participants."""
        self._run.address.url = url
        if not self._missing or self._run.app.config.get("mode") != "debug":
            return
        out().print(f"To take part with the bots ({self._missing} missing), open:", markup=False)
        for link in entry_addresses(lambda: url, "hotair", "debug", min(self._missing, MAX_LINKS)):
            out().print(link, markup=False)

    def ended(self, result: Participation) -> None:
        """Count a bot."""
        self._progress.advance(result)


def tell_failure(failure: HookFailure) -> None:
    """Print an error of the experiment's code once, with its traceback."""
    console = err()
    if logging.getLogger().isEnabledFor(logging.INFO):
        # --verbose: the log has just shown the whole traceback.
        return
    console.print(f"ERROR: {failure}", markup=False)
    console.print(failure.traceback, markup=False)


@contextmanager
def requests_told_to(teller: PeopleWatcher) -> Iterator[None]:
    """Show each participant that a recruiter requests; the worker's log record carries the links."""
    handler = _Requests(teller)
    worker = logging.getLogger("petri.worker")
    worker.addHandler(handler)
    try:
        yield
    finally:
        worker.removeHandler(handler)


class _Requests(logging.Handler):
    def __init__(self, teller: PeopleWatcher) -> None:
        super().__init__(logging.INFO)
        self._teller = teller

    def emit(self, record: logging.LogRecord) -> None:
        lines = str(getattr(record, FOR_OPERATOR, "")).splitlines()
        links = [line.removeprefix(_REQUESTED) for line in lines if line.startswith(_REQUESTED)]
        if links:
            self._teller.requested(links)


def _has_screen() -> bool:
    return sys.platform in {"darwin", "win32"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
