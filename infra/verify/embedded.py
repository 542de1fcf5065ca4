"""Checks the files that a study embeds: whether they and what they load exist, and other hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.experiment.text_files import NotUTF8Error, read_text
from chalicelib.study.elements import Embed
from chalicelib.study.study import Study
from infra.site import SiteError, SiteSource
from infra.site.assets import collect
from infra.site.bundles import BUNDLES

from .findings import Finding, error, warning

TASK_SCRIPT = "scripts/petri-task.js"
#: Attributes that load files; a link to another page (`a`) loads nothing.
_LOADING = frozenset({"src", "href", "poster", "data"})
_NOT_LOADING = frozenset({"a", "area", "base", "form"})
#: Addresses of other hosts in scripts and styles.
_ELSEWHERE = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*|\burl\(\s*)["']?((?:https?:)?//[^"'\s)]+)""")


def embedded(loaded: LoadedExperiment | None) -> Iterator[Finding]:
    """Find problems of the files that a study's `Embed(...)` elements show."""
    if loaded is None or not issubclass(loaded.experiment_class, Study):
        return
    steps = loaded.experiment_class.plan().steps()
    elements = [step.element for _, step in steps if isinstance(step.element, Embed)]
    if not elements:
        return
    try:
        static = collect(SiteSource.of(loaded, mode="debug", app_id="verify")).static
    except SiteError:
        # Another check reports this.
        return
    for element in elements:
        yield from _problems(element, static)


def _problems(element: Embed, static: Mapping[str, Path]) -> Iterator[Finding]:
    where = f"static/{element.static_path}"
    if element.static_path not in static:
        yield error(where, "is missing.", f"Write it, or correct file= of Embed({element.name!r}).")
        return
    try:
        text = read_text(static[element.static_path])
    except NotUTF8Error:
        # Another check reports this.
        return
    reader = _Addresses()
    reader.feed(text)
    reader.close()
    addresses = [*reader.found, *((0, address) for address in _ELSEWHERE.findall(text))]
    for line, address in dict.fromkeys(addresses):
        place = f"{where}, line {line}" if line else where
        yield from _problem_of(place, element, address, static)
    if not any(address.endswith(TASK_SCRIPT) for _, address in reader.found):
        yield warning(
            where,
            "doesn't load Petri's script, so that nothing it records is stored and the page never ends.",
            f'Add <script src="/static/{TASK_SCRIPT}"></script>.',
        )


def _problem_of(place: str, element: Embed, address: str, static: Mapping[str, Path]) -> Iterator[Finding]:
    parts = urlsplit(address)
    if parts.netloc:
        if parts.netloc not in element.hosts:
            yield warning(
                place,
                f"loads {address}, so participants' browsers tell {parts.netloc} where they are.",
                "Put the file into static/ (Petri has jsPsych, lab.js and SurveyJS in /static/vendor/), or "
                f'allow the host: Embed(..., hosts=["{parts.netloc}"]).',
            )
        return
    if parts.scheme or not parts.path:
        return
    path = unquote(parts.path)
    whole = path if path.startswith("/") else f"/static/{element.static_path.rpartition('/')[0]}/{path}"
    name = normpath(whole).removeprefix("//").removeprefix("/")
    known = {f"static/{each}" for each in (*static, *BUNDLES)}
    if name not in known:
        yield error(place, f"loads {address}, which doesn't exist.", "Correct the address, or add the file.")


class _Addresses(HTMLParser):
    """Collects the addresses that a file loads, with their lines."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag loads."""
        if tag not in _NOT_LOADING:
            self.found += [(self.getpos()[0], value) for name, value in attrs if value and name in _LOADING]
