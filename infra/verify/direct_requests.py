"""Finds pages and bots that call the server directly, and therefore without the participant's token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from chalicelib.experiment.text_files import NotUTF8Error, read_text

from .findings import Finding, warning

_CORE = re.compile(
    r"""["'`/}](?:node|info|infos|network|participant|question|transformation|tracking_event"""
    r"""|worker_complete|worker_failed|experiment_property)/"""
)
_IN_PAGES = re.compile(r"\breqwest\s*\(|\$\.(?:ajax|post|get|getJSON)\s*\(|\bfetch\s*\(|\bXMLHttpRequest\b")
_IN_CODE = re.compile(r"\brequests\.(?:get|post|put|patch|delete|request)\s*\(|\burlopen\s*\(")
#: how many lines away from the call its address may be
_NEAR = 6


def without_token(folder: Path, files: Iterable[Path]) -> Iterator[Finding]:
    """Find calls in pages, scripts and bots that send no token.

    Only calls near an address of Petri's own count, because an experiment may call other servers.
    """
    for path in files:
        if path.suffix in {".html", ".js"} and ".min." not in path.name:
            yield from _calls(folder, path, _IN_PAGES, "Use dallinger.get and dallinger.post, which send it.")
        elif path.suffix == ".py":
            yield from _calls(
                folder, path, _IN_CODE, "Use self.get and self.post of HighPerformanceBotBase, which send it."
            )


def _calls(folder: Path, path: Path, call: re.Pattern[str], instead: str) -> Iterator[Finding]:
    try:
        lines = read_text(path).splitlines()
    except NotUTF8Error:
        # Other checks report this.
        return
    for number, line in enumerate(lines, start=1):
        around = lines[max(0, number - 1 - _NEAR) : number + _NEAR]
        if call.search(line) and any(_CORE.search(near) for near in around):
            yield warning(
                f"{path.relative_to(folder)}, line {number}",
                "calls the server without the participant's token and is rejected.",
                f"{instead} In debug mode, require_participant_token = false allows it.",
            )
