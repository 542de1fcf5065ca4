"""Writes an export of a study as a data set by the rules of Psych-DS.

The export itself keeps the names of its tables (`data/response.csv`), which scripts and `petri.data` read.
Psych-DS requires names that consist of keywords, values and `_data`, and a description of every column: this
zip has only the study's tables, under such names.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from chalicelib.version import VERSION

from .archive import EXCEL_SAFE, MANIFEST
from .data_errors import DataError
from .dataset_description import CODEBOOK, DESCRIPTION
from .table_schema import STUDY_TABLES, file_of

#: Where a data set lists its versions.
CHANGES: Final = "CHANGES"
#: Where a data set has the code book.
DOCUMENTED_CODEBOOK: Final = f"documentation/{CODEBOOK}"
#: What each table holds, for the README of the data set.
_ABOUT: Final = {
    "response": "the answers, one row for each",
    "page_times": "the pages, one row for each that was answered or whose time ended",
    "event": "what happened on the pages, one row for each event",
    "trial": "the trials that ran in the browser, one row for each",
    "upload": "the files that participants uploaded, one row for each; the files are not in the data set",
    "reading": "the pages, tests, chapters and books that participants opened, one row for each",
    "annotation": "the annotations of readers; private ones without their text",
    "review": "the answers of readers who practise, with when each item is due next",
    "live": "the messages of chats, and the rows that live elements recorded",
    "participants_wide": "the participants, one row for each",
    "groups_wide": "the groups, one row for each",
}


def psych_ds_name(table: str) -> str:
    """Return the path of a table in the data set: keys are official keywords, values letters and digits."""
    first, *rest = table.split("_")
    return f"data/description-{first}{''.join(word.capitalize() for word in rest)}_data.csv"


def write_psych_ds(export: Path, target: Path) -> Path:
    """Write the tables of a study's export into a zip that is valid by Psych-DS, and return its path.

    An existing file is replaced when the new one is complete. Raises DataError when the export isn't that of
    a study, or its texts were changed for spreadsheets.
    """
    partial = target.with_name(f"{target.name}.partial")
    try:
        with zipfile.ZipFile(export) as source, zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as made:
            _copy(source, made, export)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _copy(source: zipfile.ZipFile, made: zipfile.ZipFile, export: Path) -> None:
    names = set(source.namelist())
    tables = [table for table in STUDY_TABLES if file_of(table) in names]
    if DESCRIPTION not in names or not tables:
        raise DataError(f"{export} holds no data of a study; only those can be written as Psych-DS.")
    manifest: dict[str, Any] = json.loads(source.read(MANIFEST))
    if manifest.get(EXCEL_SAFE):
        raise DataError("Texts of this export were changed for spreadsheets; export without --excel-safe.")
    told: dict[str, Any] = json.loads(source.read(DESCRIPTION))
    for name, text in psych_ds_texts(told, tables, manifest["exported"]).items():
        made.writestr(name, text)
    if CODEBOOK in names:
        made.writestr(DOCUMENTED_CODEBOOK, source.read(CODEBOOK))
    for table in tables:
        with (
            source.open(file_of(table)) as read,
            made.open(psych_ds_name(table), "w", force_zip64=True) as copy,
        ):
            shutil.copyfileobj(read, copy)


def psych_ds_texts(told: Mapping[str, Any], tables: Sequence[str], exported: str) -> dict[str, str]:
    """Return the texts of a data set beside its tables and its code book, by name.

    `told`: the metadata; `exported`: when it was exported, as ISO 8601.
    """
    return {
        DESCRIPTION: json.dumps(told, indent=2, ensure_ascii=False) + "\n",
        "README.md": _readme(told, tables),
        f"{CHANGES}.md": f"# Changes\n\n- {exported[:10]}: exported by Petri {VERSION}\n",
    }


def _readme(told: Mapping[str, Any], tables: Sequence[str]) -> str:
    lines = [f"- `{psych_ds_name(table)}`: {_ABOUT[table]}" for table in tables]
    name, about = (_one_line(told[field]) for field in ("name", "description"))
    return (
        f"# {name}\n\n{about}\n\n"
        + "\n".join(lines)
        + "\n\n`dataset_description.json` says what each column "
        "holds, and `documentation/codebook.json` what was asked.\n"
    )


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
