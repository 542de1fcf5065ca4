"""Lists, adds and removes the assets in a study's folder, with their descriptions."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from chalicelib.errors import BadRequest
from chalicelib.experiment.text_files import read_text
from chalicelib.study.assets.asset import checked_alt, checked_name, name_of_file
from chalicelib.study.assets.media_types import MediaGroup, recognise, require_size
from chalicelib.study.assets.uses import uses_of_assets
from chalicelib.study.pages.compiled import CompiledAsset, Problem
from chalicelib.study.pages.library import ASSETS

from .asset_folder import DESCRIPTIONS, read_assets
from .page_folder import compile_folder

_HEAD = 4096


def listed(folder: Path) -> list[str]:
    """Return a line for each asset of a folder: name, size, what it lacks, and where it is used."""
    problems: list[Problem] = []
    found = sorted(read_assets(folder, problems), key=lambda each: each.name)
    uses = uses_of_assets(compile_folder(folder))
    lines = [_line(each, uses.get(each.name, [])) for each in found]
    return [*(lines or [f"{folder / ASSETS} has no assets."]), *map(str, problems)]


def add(folder: Path, file: Path, *, name: str = "", alt: str = "", is_decorative: bool = False) -> str:
    """Copy a file to the assets of a folder, and write its description; return what was done.

    BadRequest for a file that isn't an asset, for a name that is taken, and for a picture that has neither
    an alternative text nor the mark.
    """
    if not file.is_file():
        raise BadRequest(f"There is no file {file}.")
    with file.open("rb") as opened:
        media = recognise(opened.read(_HEAD))
    require_size(file.stat().st_size, media.group)
    chosen = checked_name(name) if name else name_of_file(file.name)
    text = checked_alt(alt)
    if media.group is MediaGroup.PICTURE and bool(text) == is_decorative:
        raise BadRequest(
            "Describe the picture with --alt TEXT for people who don't see it, or mark it with --decorative."
        )
    target = folder / ASSETS / chosen
    if target.exists():
        raise BadRequest(f"{target} exists already. Give the asset another name with --name.")
    described = _without(_descriptions(folder), chosen)
    if text or is_decorative:
        value = f"alt = {json.dumps(text, ensure_ascii=False)}" if text else "decorative = true"
        described = f"{described.rstrip()}\n\n[{json.dumps(chosen)}]\n{value}\n".lstrip()
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    _write(folder, described)
    return f"Added {target.relative_to(folder)}. Show it on a page with ![](asset:{chosen})"


def remove(folder: Path, name: str) -> str:
    """Remove an asset and its description; BadRequest while pages show it."""
    path = folder / ASSETS / checked_name(name)
    if not path.is_file():
        raise BadRequest(f"There is no asset {name} in {folder / ASSETS}.")
    used = uses_of_assets(compile_folder(folder)).get(name, [])
    if used:
        raise BadRequest(f"{', '.join(used)} show {name}. Change these pages first.")
    path.unlink()
    _write(folder, _without(_descriptions(folder), name))
    return f"Removed {path.relative_to(folder)}."


def _line(asset: CompiledAsset, used: list[str]) -> str:
    size = f"{asset.size / 1000:,.0f} kB"
    lacks = asset.group == MediaGroup.PICTURE and not asset.alt and not asset.is_decorative
    text = "no alternative text" if lacks else asset.alt or ("decorative" if asset.is_decorative else "")
    where = f"used in {', '.join(used)}" if used else "not used"
    return "  ".join(part for part in (asset.name, asset.group, size, text, where) if part)


def _descriptions(folder: Path) -> str:
    path = folder / ASSETS / DESCRIPTIONS
    return read_text(path) if path.is_file() else ""


def _without(described: str, name: str) -> str:
    """Return the descriptions without that of one asset; comments elsewhere stay."""
    header = re.escape(f"[{json.dumps(name)}]")
    return re.sub(rf"(?m)^{header}[^\n]*\n(?:(?!\[)[^\n]*\n?)*", "", described)


def _write(folder: Path, described: str) -> None:
    path = folder / ASSETS / DESCRIPTIONS
    if described != _descriptions(folder):
        path.write_text(described, encoding="utf-8")
