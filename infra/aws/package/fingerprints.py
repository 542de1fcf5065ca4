"""Adds content hashes to the names of static files, so that browsers can cache them forever.

`site_upload.py` recognizes such names.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

_LENGTH = 12
_TAG = re.compile(r"<(?:script|link|img|source|audio|video|object|embed)\b[^>]*>", re.IGNORECASE)
_ADDRESS = re.compile(r"""(\b(?:src|href|poster|data)\s*=\s*["']?)/(static/[^"'\s>?#]+)""", re.IGNORECASE)
#: JavaScript modules import each other by plain name; under two names a module would run twice.
_MODULE = re.compile(r"""\b(?:type\s*=\s*["']?module|rel\s*=\s*["']?modulepreload)""", re.IGNORECASE)


def fingerprint(site: Path) -> int:
    """Make the pages of a built site request static files by names with a content hash.

    The files keep their plain names too, for scripts that request them. Returns the number of files.
    """
    renamed: dict[str, str] = {}
    for page in sorted(site.rglob("*.html")):
        if not page.is_relative_to(site / "static"):
            text = page.read_text(encoding="utf-8")
            text = _TAG.sub(lambda tag: _in_tag(tag[0], site, renamed), text)
            page.write_text(text, encoding="utf-8", newline="")
    return len(renamed)


def _in_tag(tag: str, site: Path, renamed: dict[str, str]) -> str:
    if _MODULE.search(tag):
        return tag
    return _ADDRESS.sub(lambda found: f"{found[1]}/{_named(found[2], site, renamed)}", tag)


def _named(place: str, site: Path, renamed: dict[str, str]) -> str:
    path = site / place
    if place in renamed or not path.resolve().is_relative_to(site.resolve()) or not path.is_file():
        return renamed.get(place, place)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:_LENGTH]
    named = path.with_name(f"{path.stem}.{digest}{path.suffix}")
    if path.suffix:
        shutil.copyfile(path, named)
        renamed[place] = named.relative_to(site).as_posix()
    return renamed.get(place, place)
