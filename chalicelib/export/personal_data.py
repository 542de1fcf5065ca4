"""Removes personal data from the settings and the code of a scrubbed export.

A version (`infra/packaging/provenance.py`) lists the settings that are personal and the files that they were
read from.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS

#: Where a version lists the names of personal settings, and the places of files that hold their values.
PERSONAL: Final = "personal"
PERSONAL_FILES: Final = "personal_files"
VERSION_FILE: Final = "version.json"
#: The folder of an archive of code that holds the experiment.
FOLDER: Final = "experiment"
#: Runs of earlier versions of Petri, which didn't list them.
_ALWAYS: Final = frozenset(key.name for key in KNOWN_SETTINGS if key.personal)


def manifest_of(version: Mapping[str, Any]) -> dict[str, Any]:
    """Return a version in the format of an export's manifest."""
    apart = {"name", "config", PERSONAL, PERSONAL_FILES}
    rest = {name: value for name, value in version.items() if name not in apart}
    return {
        "experiment": version["name"],
        "settings": version["config"],
        PERSONAL: version.get(PERSONAL, []),
        "versions": rest,
    }


def remove_personal_settings(version: Mapping[str, Any], settings: str) -> dict[str, Any]:
    """Return a version, or a manifest made of one, without personal settings; it names those left out.

    `settings`: the field that holds them.
    """
    personal = _ALWAYS.union(version.get(PERSONAL, ()))
    given = version.get(settings, {})
    clean = {name: value for name, value in version.items() if name not in {PERSONAL, PERSONAL_FILES}}
    if settings in version:
        clean[settings] = {name: value for name, value in given.items() if name not in personal}
        clean["settings_left_out"] = sorted(personal.intersection(given))
    return clean


def remove_personal_code(archive: Path | bytes) -> bytes:
    """Return an archive of code without personal settings and the files that they were read from."""
    written = io.BytesIO()
    source = io.BytesIO(archive) if isinstance(archive, bytes) else archive
    with zipfile.ZipFile(source) as code, zipfile.ZipFile(written, "w") as clean:
        version = json.loads(code.read(VERSION_FILE)) if VERSION_FILE in code.namelist() else {}
        left_out = {f"{FOLDER}/{place}" for place in version.get(PERSONAL_FILES, ())}
        for entry in code.infolist():
            if entry.filename == VERSION_FILE:
                clean.writestr(entry, json.dumps(remove_personal_settings(version, "config"), indent=2))
            elif entry.filename not in left_out:
                clean.writestr(entry, code.read(entry))
    return written.getvalue()
