"""Describes a study's data for readers: a code book, and the metadata that Psych-DS asks for (JSON-LD)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from .study_spool import RESPONSE, StudySource
from .table_schema import MEANINGS, STUDY_COLUMNS

CODEBOOK: Final = "codebook.json"
DESCRIPTION: Final = "dataset_description.json"
#: The columns of wide tables that every study has.
WIDE_MEANINGS: Final = {
    "status": "the participant's status",
    "ended": "how the study ended for the participant: complete, screen_out, stopped; empty while it goes on",
    "role": "the participant's role in the group",
    "points": "the total of points",
    "cohort": "the participant's cohort: the element that formed it, and the id of its first member",
    "visit": MEANINGS["visit"],
    "number": "the number of the trial in its block, from 1, or of the row among those of its group, from 0",
    "key": "the key that was pressed; empty if none was in time",
    "response": "what the key stands for",
    "rt_ms": "the reaction time in milliseconds, by the browser's clock",
    "name": "what the row is: chat, or the name with which the study recorded it",
    "path": MEANINGS["path"],
    "at": "when the server received the message",
    "element": "the element of the timeline that formed the group",
    "stopped": "why the group was stopped, or ended early; empty if it wasn't",
    "participant_id": MEANINGS["participant_id"],
    "network_id": MEANINGS["network_id"],
}


def codebook_in(code: Path | str | bytes | None) -> dict[str, Any] | None:
    """Return the code book in an archive of code; None without one."""
    if code is None:
        return None
    with zipfile.ZipFile(io.BytesIO(code) if isinstance(code, bytes) else code) as archive:
        if CODEBOOK not in archive.namelist():
            return None
        found: dict[str, Any] = json.loads(archive.read(CODEBOOK))
    return found


def inferred_codebook(records: StudySource) -> dict[str, Any]:
    """Return the items that were answered, with their kinds, for a run whose code wasn't kept."""
    items: dict[str, Any] = {}
    for response in records.of_kind(RESPONSE):
        for entry in response.get("answers", ()):
            items.setdefault(entry["item"], {"name": entry["item"], "kind": entry["kind"]})
    return {"items": items}


def codebook(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole code book: what is known of the study, and the columns of its tables."""
    tables = {
        table: {column: MEANINGS[column] for column in columns} for table, columns in STUDY_COLUMNS.items()
    }
    return {**known, "tables": tables}


def description(name: str, about: str, columns: Iterable[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of a data set: its name, what it is about, and what each column measures."""
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": name,
        "description": about,
        "variableMeasured": list(_variables(columns, known)),
    }


def _variables(columns: Iterable[str], known: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for column in dict.fromkeys(columns):
        variable: dict[str, Any] = {"@type": "PropertyValue", "name": column}
        meaning = _meaning(column, known)
        yield {**variable, "description": meaning} if meaning else variable


def _meaning(column: str, known: Mapping[str, Any]) -> str | None:
    """Return what a column holds: one of Petri's, a condition, or an item in a round or of a member."""
    if column in MEANINGS or column in WIDE_MEANINGS:
        return WIDE_MEANINGS.get(column) or MEANINGS[column]
    words = column.split(".")
    if words[0] == "condition":
        return f"the level of the condition {words[-1]}"
    if words[0] == "stimulus":
        return f"the column {words[-1]} of the stimulus"
    if words[0] == "data":
        return f"the column {words[-1]} that the page recorded"
    if words[0] == "value":
        return f"the value {words[-1]} of the row"
    items = known.get("items", {})
    item = next((items[word] for word in words if word in items), None)
    return None if item is None else item.get("prompt") or None
