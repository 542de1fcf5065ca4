"""Reports runs of copied studies to the library that they come from, if the author has named it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from chalicelib.errors import PetriError
from chalicelib.experiment.text_files import read_text
from chalicelib.study.study_library.study_origins import ORIGIN_FILE, read_origins

#: The environment variables with the address of a library, and with a token for it.
LIBRARY_ADDRESS: Final = "PETRI_LIBRARY"
LIBRARY_TOKEN: Final = "PETRI_TOKEN"  # noqa: S105 - the name of a variable
#: Seconds that a run waits for each of the two answers.
_PATIENCE: Final = 4
_LONGEST_REASON: Final = 200


def report_play(folder: Path, run_id: str) -> str:
    """Report a run of a copied study to its library, once for each run; return a line about it, or "".

    Nothing is sent unless PETRI_LIBRARY and PETRI_TOKEN are set and the folder's `origin.toml` says that the
    study was copied from this library. The library gets a hash of the run's id, and nothing else about the
    run. A failure is said in the line, and never raised: a run doesn't depend on a library.
    """
    address, token = os.environ.get(LIBRARY_ADDRESS, ""), os.environ.get(LIBRARY_TOKEN, "")
    path = folder / ORIGIN_FILE
    if not address or not token or not path.is_file():
        return ""
    try:
        return _report(path, address, token, hashlib.sha256(run_id.encode()).hexdigest())
    # What isn't a library may answer anything.
    except (PetriError, OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        return f"This run wasn't reported to the library at {address}: {reason}"


def _report(path: Path, address: str, token: str, mark: str) -> str:
    # Lazy import: it imports what requests need.
    from petri.client import Client

    origins = read_origins(read_text(path))
    if not origins or _plain_address(origins[0].address) != _plain_address(address):
        return ""
    origin = origins[0]
    client = Client(address, token, timeout=_PATIENCE, attempts=1)
    # A renamed entry has left its name to another one.
    if client.library.read(origin.entry).entry.number != origin.number:
        return f"This run wasn't reported to the library: {origin.entry} is another study there now."
    client.library.play(origin.entry, run=mark)
    return f"This run was reported to the library at {address}, as a play of {origin.entry}."


def _plain_address(address: str) -> str:
    return address.rstrip("/").removesuffix("/dashboard")
