"""Writes the tables of docs/configuration.md from the registered settings.

python -m tests.tools.settings_table
"""

from __future__ import annotations

import itertools

from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS, UNSET, Setting
from tests.docs.blocks import DOCS

PAGE = DOCS / "configuration.md"
BEGIN = "<!-- settings: written by `python -m tests.tools.settings_table` -->\n"
END = "<!-- end of the settings -->\n"
HEADER = "| setting | type | default | meaning |\n|---|---|---|---|\n"


def tables() -> str:
    """Return a table for each group of settings."""
    groups = itertools.groupby(KNOWN_SETTINGS, key=lambda key: key.group)
    return "\n".join(_group(name, list(keys)) for name, keys in groups)


def _group(name: str, keys: list[Setting]) -> str:
    if not keys[0].effective:
        names = ", ".join(f"`{key.name}`" for key in keys)
        return f"### {name}\n\nAccepted with one warning, and ignored: {names}.\n"
    return f"### {name}\n\n{HEADER}{''.join(map(_row, keys))}"


def _row(key: Setting) -> str:
    names = " or ".join(f"`{name}`" for name in (key.name, *key.synonyms))
    marks = {" **Secret.**": key.sensitive, " **Personal.**": key.personal}
    meaning = key.meaning + "".join(mark for mark, holds in marks.items() if holds)
    return f"| {names} | {key.type.__name__} | {_default(key)} | {meaning} |\n"


def _default(key: Setting) -> str:
    if key.default is UNSET:
        return ""
    word = str(key.default).lower() if key.type is bool else str(key.default)
    return f"`{word}`" if word else "empty"


def page_with_tables(text: str) -> str:
    """Return the page's text with its tables regenerated."""
    before, _, remainder = text.partition(BEGIN)
    _, _, after = remainder.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
