"""Lists in the documents hold what the code holds."""

from __future__ import annotations

import re

from infra.cli.main import COMMANDS

from .blocks import DOCS, ROOT


def test_the_page_about_settings_names_every_recruiter():
    told = (DOCS / "configuration.md").read_text(encoding="utf-8")
    folders = [path.name for path in (ROOT / "chalicelib" / "recruiters").iterdir() if path.is_dir()]
    recruiters = {name for name in folders if not name.startswith("_")} | {"multi"}
    (line,) = re.findall(r"^Recruiters are (.*)\.$", told, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", line)) == recruiters


def test_commands_that_are_there_are_not_called_unfinished():
    pages = [*DOCS.rglob("*.md"), ROOT / "README.md"]
    unfinished = [
        (page.name, line)
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines()
        if "being built" in line.lower() and any(f"`{name}`" in line for name in COMMANDS)
    ]
    assert unfinished == []
