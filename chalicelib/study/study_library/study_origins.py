"""Reads and writes `origin.toml`, which says where a copied study comes from.

The file lies in the study's folder, and each copy puts its own origin before those that are there. So a study
that was copied, changed, published and copied again names all entries it descends from, the nearest first.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from chalicelib.errors import BadRequest

from .entry_texts import is_shown_in_one_line

#: The name of the file in a study's folder.
ORIGIN_FILE: Final = "origin.toml"
#: How many origins a file can have, and how long a text in it can be.
MOST_ORIGINS: Final = 50
_MOST_TEXT: Final = 500
#: How long the file can be, in bytes.
MOST_BYTES: Final = 200_000
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_HEADING: Final = (
    "# Where this study was copied from, the nearest first. Petri writes this file; keep it with the study.\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyOrigin:
    """The version of an entry that a study was copied from."""

    #: The name and the number of the entry when it was copied.
    entry: str
    number: int
    version: int
    #: The SHA-256 of the package as it was published.
    sha256: str
    title: str = ""
    author: str = ""
    licence: str = ""
    #: The id of the app whose library it is, and the address of its dashboard.
    library: str = ""
    address: str = ""
    #: When it was copied: ISO 8601, in UTC.
    copied: str = ""

    @classmethod
    def read(cls, given: Any) -> Self:
        """Read an origin; BadRequest for one that isn't valid."""
        if not isinstance(given, dict) or not {"entry", "number", "version", "sha256"} <= given.keys():
            raise _invalid("each [[origin]] needs entry, number, version and sha256")
        known = {name: given[name] for each in fields(cls) if (name := each.name) in given}
        for name, value in known.items():
            if name in ("number", "version"):
                if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**9:
                    raise _invalid(f"{name} must be a whole number from 1")
            elif not isinstance(value, str) or len(value) > _MOST_TEXT or not is_shown_in_one_line(value):
                raise _invalid(f"{name} must be a text on one line, of {_MOST_TEXT} characters at most")
        if not _SHA256.fullmatch(known["sha256"]):
            raise _invalid("sha256 must be 64 hexadecimal digits")
        return cls(**known)

    def to_fields(self) -> dict[str, Any]:
        """Return the fields that aren't empty."""
        return {name: value for name, value in asdict(self).items() if value != ""}

    def sentence(self) -> str:
        """Return the origin in one line, for people."""
        by = f" by {self.author}" if self.author else ""
        where = f" in {self.address or self.library}" if self.address or self.library else ""
        when = f", copied {self.copied[:10]}" if self.copied else ""
        return f"{self.title or self.entry} ({self.entry}, version {self.version}){by}{where}{when}"


def read_origins(text: str) -> list[StudyOrigin]:
    """Return the origins in the text of an `origin.toml`, the nearest first; BadRequest if it isn't valid."""
    if len(text.encode(errors="replace")) > MOST_BYTES:
        raise _invalid(f"it can have {MOST_BYTES:,} bytes at most")
    try:
        found = tomllib.loads(text).get("origin", [])
    except tomllib.TOMLDecodeError as error:
        raise _invalid(str(error)) from error
    if not isinstance(found, list) or len(found) > MOST_ORIGINS:
        raise _invalid(f"it must have [[origin]] tables, {MOST_ORIGINS} at most")
    return [StudyOrigin.read(each) for each in found]


def write_origins(origins: list[StudyOrigin]) -> str:
    """Return the text of an `origin.toml`; the farthest origins that exceed its limits are left out."""
    tables = [
        "\n[[origin]]\n"
        + "".join(
            # JSON's texts and whole numbers are TOML's, but for DEL, which no field contains.
            f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
            for name, value in one.to_fields().items()
        )
        for one in origins[:MOST_ORIGINS]
    ]
    while len(text := (_HEADING + "".join(tables)).encode()) > MOST_BYTES:
        tables.pop()
    return text.decode()


def _invalid(problem: str) -> BadRequest:
    return BadRequest(f"{ORIGIN_FILE} isn't valid: {problem}.", code="origin_invalid")
