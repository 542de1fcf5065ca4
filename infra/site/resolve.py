"""Resolves an address to a file of a built site."""

from __future__ import annotations

from pathlib import Path

HOME = "ad"


def resolve(site_root: Path, url_path: str) -> Path | None:
    """Return the file for a decoded address path, or None.

    `/ad` is `ad.html`, `/instructions/first` is `instructions/first.html`, `/static/...` and `/robots.txt`
    are themselves, `/` is the ad. Paths outside of the site are None, also through symbolic links.
    """
    parts = [part for part in url_path.split("/") if part]
    if any(part in {".", ".."} or "\\" in part or "\0" in part for part in parts):
        return None
    name = "/".join(parts) or HOME
    is_file_itself = parts[:1] == ["static"] or name == "robots.txt"
    root = site_root.resolve()
    try:
        path = (root / (name if is_file_itself else f"{name}.html")).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except OSError:  # a name longer than the file system allows
        return None
