"""Documents that stand elsewhere in the repository become pages of the site, and links to them lead there."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
#: The path in the repository of each page that doesn't stand in docs/, by its path on the site.
SOURCES = {
    "project/readme.md": "README.md",
    "project/architecture.md": "ARCHITECTURE.md",
    "project/changelog.md": "CHANGELOG.md",
    "project/contributing.md": "CONTRIBUTING.md",
    "project/security.md": "SECURITY.md",
    "project/licence.md": "LICENSE",
} | {
    f"demos/{path.parent.name}.md": f"demos/{path.parent.name}/README.md"
    for path in ROOT.glob("demos/*/README.md")
}
DEMOS = "demos/index.md"
_LINK = re.compile(r"(?P<text>\]\()(?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
#: A fence says what tests do with its block; the site needs its language alone.
_ABOUT_BLOCK = re.compile(r"^```(\w+) [^\n]*$", re.MULTILINE)


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the documents from outside docs/ to the files of the site."""
    for page, source in SOURCES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text if source.endswith(".md") else _licence(text)))
    files.append(File.generated(config, DEMOS, content=_demos()))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to pages of the site, and leave out what fences tell the tests."""
    del config, files
    here = page.file.src_uri
    parts = _FENCE.split(_ABOUT_BLOCK.sub(r"```\1", markdown))
    return "".join(
        part if part.startswith("```") else _LINK.sub(lambda link: _relinked(link, here), part)
        for part in parts
    )


def page_of(path: str) -> str | None:
    """Return the page of the site that shows a path of the repository; None when there is none."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if path == "demos":
        return DEMOS
    shown = {source: page for page, source in SOURCES.items()}
    demo = re.match(r"demos/([^/]+)", path)
    return shown.get(path) or (shown.get(f"demos/{demo[1]}/README.md") if demo else None)


def _relinked(link: re.Match[str], here: str) -> str:
    target = link["target"]
    if ":" in target:
        return link[0]
    source = SOURCES.get(here, f"docs/{here}")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
    there = page_of(path)
    if there is None:
        return link[0]
    return f"]({posixpath.relpath(there, posixpath.dirname(here))}{link['anchor'] or ''})"


def _licence(text: str) -> str:
    return f"# Licence\n\n```text\n{text}```\n"


def _demos() -> str:
    lines = ["# Demos", "", "Whole experiments to read and run. Each folder has a README.", ""]
    for page, source in SOURCES.items():
        if page.startswith("demos/"):
            title = (ROOT / source).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
            lines.append(f"- [{title}]({posixpath.basename(page)})")
    return "\n".join(lines) + "\n"
