"""Shows the pictures that `make pictures` has made; without them, the pages are text alone.

A page says where a picture belongs: `<!-- picture: dashboard-overview | What it shows. -->`.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

FOLDER = Path(__file__).resolve().parents[2] / "build" / "pictures"
MARK = re.compile(r"<!-- picture: (?P<name>[\w-]+) \| (?P<text>[^\n]+?) -->")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pictures to the files of the site."""
    for picture in sorted(FOLDER.glob("*.png")):
        files.append(File.generated(config, f"pictures/{picture.name}", content=picture.read_bytes()))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put each picture that exists where its mark is."""
    del config, files
    here = posixpath.dirname(page.file.src_uri)
    return MARK.sub(lambda mark: _picture(mark, here), markdown)


def _picture(mark: re.Match[str], here: str) -> str:
    if not (FOLDER / f"{mark['name']}.png").is_file():
        return ""
    path = posixpath.relpath(f"pictures/{mark['name']}.png", here or ".")
    return f"![{mark['text']}]({path})"
