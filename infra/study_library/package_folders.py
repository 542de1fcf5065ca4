"""Packs a study's folder for the library, and writes a copied package into a folder."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from chalicelib.errors import BadRequest
from chalicelib.experiment.config.setting_registry import names_secret
from chalicelib.experiment.text_files import read_text
from chalicelib.study.study_library.study_origins import ORIGIN_FILE, StudyOrigin, write_origins
from chalicelib.study.study_library.study_packages import PackageFacts, check_package, write_package
from infra.packaging.staged_files import CONFIG, kept_files

_SETTING: Final = re.compile(r"^([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:]")


@dataclass(frozen=True, slots=True)
class PackedStudy:
    """A package that is ready to be published."""

    content: bytes
    facts: PackageFacts
    #: The secret settings of config.txt that were left out.
    left_out: tuple[str, ...] = ()


def pack_study(folder: Path) -> PackedStudy:
    """Return the package of a study's folder, without what git ignores, secrets, caches and data of runs.

    Raises BadRequest for a folder of which the library wouldn't take the package, with the reason.
    """
    root = folder.resolve()
    contents = {path.relative_to(root).as_posix(): path.read_bytes() for path in kept_files(folder)}
    left_out: tuple[str, ...] = ()
    if CONFIG in contents:
        text, left_out = _without_secrets(read_text(root / CONFIG))
        contents[CONFIG] = text.encode()
    content = write_package(contents)
    return PackedStudy(content, check_package(content), left_out)


def unpack_study(content: bytes, folder: Path, *, address: str = "", copied: str = "") -> list[StudyOrigin]:
    """Write a package into a new or empty folder, with when and from which address it was copied.

    Every path is checked again, and the folder appears with all of its files or not at all. Returns where the
    study comes from, the nearest first. Raises BadRequest for a folder that isn't empty, and for a package
    that isn't taken.
    """
    require_new_folder(folder)
    facts = check_package(content)
    origins = list(facts.origins)
    if origins:
        origins[0] = replace(origins[0], address=address, copied=copied)
        facts.contents[ORIGIN_FILE] = write_origins(origins).encode()
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.absolute().parent))
    try:
        for place, data in facts.contents.items():
            path = partial / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        partial.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return origins


def require_new_folder(folder: Path) -> None:
    """Raise BadRequest for a folder with files, in which a copy could replace something."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadRequest(f"{folder} isn't an empty folder. Name a new one for the copy.")


def entry_name_of(folder: Path) -> str:
    """Return the name that an entry gets from that of a folder: `Stroop_task` becomes `stroop-task`."""
    return re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")[:60].strip("-")


def _without_secrets(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a settings file without secret settings and the lines that continue them, and their names."""
    kept: list[str] = []
    left_out: list[str] = []
    is_secret = False
    for line in text.splitlines(keepends=True):
        found = _SETTING.match(line)
        if found is not None:
            is_secret = names_secret(found[1])
            left_out += [found[1]] if is_secret else []
        elif not line[:1].isspace():
            is_secret = False
        if not is_secret:
            kept.append(line)
    return "".join(kept), tuple(left_out)
