"""Writes seals of the audit log as JSON documents, and reads them."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Final

from chalicelib.ports import Seal

#: A seal's name is its number with leading zeros, so that names sort by number.
DIGITS: Final = 8
ENDING: Final = ".json"


def name_of(number: int) -> str:
    """Return the name of the document of a seal."""
    return f"{number:0{DIGITS}d}{ENDING}"


def number_in(name: str) -> int:
    """Return the number of a seal from the name of its document; 0 for another name."""
    digits = name.removesuffix(ENDING)
    return int(digits) if name.endswith(ENDING) and digits.isascii() and digits.isdigit() else 0


def write_seal(seal: Seal) -> bytes:
    """Write a seal as JSON."""
    return json.dumps(asdict(seal), indent=1).encode()


def read_seal(document: bytes) -> Seal | None:
    """Read a seal; None for a document that isn't one."""
    try:
        found = json.loads(document)
        return Seal(**{each.name: found[each.name] for each in fields(Seal)})
    except (ValueError, KeyError, TypeError):
        return None
