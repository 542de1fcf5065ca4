"""What `petri debug` says while a run goes on."""

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
from infra.local.hook_failures import HookFailure
from infra.local.lifecycle.crowd import Participation
from infra.local.lifecycle.run import Run

from .output import err, out
from .progress import BotProgress

#: How recruiters that make their own links write one into the log.
_REQUESTED = "New participant requested: "


@dataclass
class Links:
    """How links are given: through which port, and whether they are opened too."""

    browser: bool = True
    proxy: int | None = None
    #: where participants reach the run, when that isn't where it listens
    address: str = ""

    def through_proxy(self, url: str) -> str:
        """Return the address that links are given with: the public one, or that of the proxy's port."""
        if self.address:
            return self.address
        if self.proxy is None:
            return url
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{parts.hostname}:{self.proxy}"))

    def open(self, link: str) -> None:
        """Open a link, where there is a screen to open it on."""
        if self.browser and _has_screen():
            webbrowser.open(link)


class PeopleWatcher:
    """Says where a run is, and prints and opens the links of those whom it asks for."""

    def __init__(self, run: Run, database: Path | None, links: Links) -> None:
        """`database`: the file to go on with later, where there is one."""
        self._run = run
        self._database = database
        self._links = links
        self._console = out()

    def started(self, url: str, launched: str) -> None:
        """Say where the run is served, and how to get in."""
        self._run.address.url = self._links.through_proxy(url)
        self._console.print(f"{self._run.loaded.name} runs at {self._run.address.url}", markup=False)
        if self._run.app.config.get("mode") == "debug":
            self._console.print(
                "  This is a trial: anybody may take part under any name. To serve people, use petri serve."
            )
        self._console.print(f"  operator's token: {self._run.operator_token}", markup=False)
        if self._database is not None:
            self._console.print(
                f"  data: {self._database}; go on later with --id {self._run.id}", markup=False
            )
        self._console.print("  Ctrl-C ends the run and exports its data.")
        if launched and not self._run.app.config.get("auto_recruit"):
            if self._run.app.config.get("mode") != "debug":
                self._console.print(
                    "Nobody is recruited (auto_recruit is off). Make links with petri recruit."
                )
                return
            link = entry_addresses(lambda: self._run.address.url, "hotair", "debug", 1)[0]
            self._console.print("Nobody is recruited (auto_recruit is off). To look at it yourself:")
            self.requested([link])

    def ended(self, fared: Participation) -> None:
        """Say how a bot fared that the experiment asked for."""
        for problem in fared.problems:
            self._console.print(f"bot {fared.number}: {problem}", markup=False)

    def requested(self, links: list[str]) -> None:
        """Print the links that a recruiter made, and open the first."""
        for link in links:
            self._console.print(link, markup=False)
        self._links.open(links[0])


class BotsWatcher:
    """Shows how many bots are through."""

    def __init__(self, run: Run, progress: BotProgress) -> None:
        """`progress`: where bots are counted."""
        self._run = run
        self._progress = progress

    def started(self, url: str, _launched: str) -> None:
        """Note the address; the bots know it already."""
        self._run.address.url = url

    def ended(self, fared: Participation) -> None:
        """Count a bot."""
        self._progress.advance(fared)


def tell_failure(failure: HookFailure) -> None:
    """Show once what the experiment's own code raised, with its traceback."""
    console = err()
    if logging.getLogger().isEnabledFor(logging.INFO):
        # --verbose: the log has just shown the whole traceback.
        return
    console.print(f"ERROR: {failure}", markup=False)
    console.print(failure.traceback, markup=False)


@contextmanager
def requests_told_to(teller: PeopleWatcher) -> Iterator[None]:
    """Tell about each participant that a recruiter asks for; the worker's log record carries the links."""
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
