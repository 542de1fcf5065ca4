"""Removes the documentation from the service descriptions that botocore reads for each client.

A client of SSM alone parses a megabyte of JSON, most of it documentation, at each cold start.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_WORDS: Final = "documentation"
_MODEL: Final = "service-2.json"


def trim(data: Path) -> None:
    """Trim the data of botocore's services, in place, to what clients need."""
    known: set[str] = set()
    for path in sorted(data.glob(f"*/*/{_MODEL}*")):
        model = _read(path)
        known |= {path.parents[1].name, *_names(model.get("metadata", {}))}
        _write(path, without_words(model))
    endpoints = data / "endpoints.json"
    if endpoints.is_file():
        content = _read(endpoints)
        for partition in content["partitions"]:
            services = partition["services"]
            partition["services"] = {name: services[name] for name in services if name in known}
        _write(endpoints, content)


def without_words(value: Any) -> Any:
    """Return a description of a service without its documentation."""
    if isinstance(value, dict):
        # A service may have a field of this name too, which is an object instead of text.
        kept = (each for each in value.items() if each[0] != _WORDS or not isinstance(each[1], str))
        return {name: without_words(inner) for name, inner in kept}
    return [without_words(each) for each in value] if isinstance(value, list) else value


def _names(metadata: dict[str, Any]) -> Iterator[str]:
    for name in ("endpointPrefix", "signingName"):
        if metadata.get(name):
            yield str(metadata[name])


def _read(path: Path) -> dict[str, Any]:
    raw = path.read_bytes()
    content: dict[str, Any] = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    return content


def _write(path: Path, value: Any) -> None:
    raw = json.dumps(value, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(raw, 9, mtime=0) if path.suffix == ".gz" else raw)
