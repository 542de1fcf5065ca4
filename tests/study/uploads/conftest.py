"""A run of a study that asks for files, and participants who send some."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from chalicelib.study.study import Study
from chalicelib.study.uploads.sample_files import sample_file
from petri.study import End, Page, upload
from tests.study.conftest import open_study, world
from tests.study.studies import OpenStudy, due
from tests.web.world import Person, Said, World

__all__ = ["open_study", "world"]

PNG: bytes = sample_file(["image/png"])[2]
PAGE = b"<!DOCTYPE html><script>alert(1)</script>"


class Drawing(Study):
    """Asks for a picture and, perhaps, a file on one page, then for another picture."""

    sketch = upload("Draw a house.", source="picture", max_megabytes=1)
    notes = upload("Your notes?", accept=["text/plain", ".tex"], required=False)
    again = upload("Draw it again.", source="picture")
    timeline = [Page("draw", ask=["sketch", "notes"]), Page("redraw", ask="again"), End()]


@dataclass
class Files:
    """The run and its file store."""

    here: World
    store: FolderFiles
    root: Path

    def stored(self) -> list[str]:
        """The files that are kept."""
        return sorted(path.relative_to(self.root / "kept").as_posix() for path in self.root.glob("kept/*/*"))

    def pending(self) -> list[Path]:
        return sorted(self.root.glob("pending/*/*"))

    def ask(self, person: Person, item: str = "sketch", content: bytes = PNG, **changed: Any) -> Said:
        """Ask for a form for a file."""
        digest = hashlib.sha256(content).hexdigest()
        fields = {"item": item, "size": len(content), "sha256": digest, "type": "image/png", "ending": ".png"}
        serial = changed.pop("serial", None) or due(person)["serial"]
        return person.post("/page/upload", {**fields, "serial": serial, **changed})

    def post(self, granted: Said, content: bytes = PNG) -> None:
        """Post a file to the address of a form."""
        with self.store.receive(granted["upload"]["url"].removeprefix(ADDRESS)) as incoming:
            incoming.write(content)
            incoming.finish()

    def send(
        self, person: Person, item: str = "sketch", content: bytes = PNG, **changed: Any
    ) -> dict[str, Any]:
        """Upload a file, and return the answer that names it."""
        granted = self.ask(person, item, content, **changed)
        assert granted.status == 200, granted
        self.post(granted, content)
        digest = hashlib.sha256(content).hexdigest()
        media_type = changed.get("type", "image/png")
        return {"reference": granted["reference"], "size": len(content), "sha256": digest, "type": media_type}


@pytest.fixture
def files_of(open_study: OpenStudy, tmp_path: Path) -> Callable[[type[Study]], Files]:
    def open_files(study: type[Study]) -> Files:
        here = open_study(study)
        store = FolderFiles(tmp_path / "uploads", here.clock)
        here.app.files = store
        return Files(here, store, tmp_path / "uploads")

    return open_files


@pytest.fixture
def files(files_of: Callable[[type[Study]], Files]) -> Files:
    return files_of(Drawing)
