"""Names that change with the contents, so that browsers keep files for good and never show old ones.

`upload.py` knows such a name when it sees one.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

_LENGTH = 12
_TAG = re.compile(r"<(?:script|link|img|source|audio|video|object|embed)\b[^>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"""(\b(?:src|href|poster|data)\s*=\s*["']?)/(static/[^"'\s>?#]+)""", re.IGNORECASE)
#: Other modules import a module by the name in their text; under two names it would run twice.
_MODULE = re.compile(r"""\b(?:type\s*=\s*["']?module|rel\s*=\s*["']?modulepreload)""", re.IGNORECASE)


def fingerprint(site: Path) -> int:
    """Let the pages of a built site ask for static files by names that change with the contents.

    The files stay under their own names too, for scripts that ask for them. Returns how many were named.
    """
    made: dict[str, str] = {}
    for page in sorted(site.rglob("*.html")):
        if not page.is_relative_to(site / "static"):
            text = page.read_text(encoding="utf-8")
            text = _TAG.sub(lambda tag: _in_tag(tag[0], site, made), text)
            page.write_text(text, encoding="utf-8", newline="")
    return len(made)


def _in_tag(tag: str, site: Path, made: dict[str, str]) -> str:
    if _MODULE.search(tag):
        return tag
    return _ADDRESS.sub(lambda found: f"{found[1]}/{_named(found[2], site, made)}", tag)


def _named(place: str, site: Path, made: dict[str, str]) -> str:
    path = site / place
    if place in made or not path.resolve().is_relative_to(site.resolve()) or not path.is_file():
        return made.get(place, place)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:_LENGTH]
    named = path.with_name(f"{path.stem}.{digest}{path.suffix}")
    if path.suffix:
        shutil.copyfile(path, named)
        made[place] = named.relative_to(site).as_posix()
    return made.get(place, place)
