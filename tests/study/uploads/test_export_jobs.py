"""Export jobs with the files that participants uploaded: written in parts, composed without copies."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from chalicelib.errors import Forbidden, InvalidState
from chalicelib.export.jobs.part import PartLimits
from chalicelib.export.jobs.part_writer import PartWriter
from chalicelib.export.jobs.run_facts import RunFacts
from chalicelib.operations.accounts import users
from chalicelib.operations.management.exports import export_jobs
from chalicelib.operations.management.exports.export_jobs import ExportRow
from chalicelib.operations.management.exports.export_parts import discard_exports
from chalicelib.operations.shared.context import OPERATOR_CALLER, Caller
from chalicelib.ports.exports import ExportOptions
from chalicelib.storage.files.folder_exports import ADDRESS, FolderExports
from tests.contract.accounts.people import People
from tests.study.studies import answer

from .conftest import PNG, Files

WITH_FILES = ExportOptions(uploads=True)
NOTES = b"Drawn by hand.\n" * 50


class Office:
    """A run with uploaded files, whose export jobs a worker of the test carries out in tiny parts."""

    def __init__(self, files: Files, root: Path) -> None:
        self.files, self.here = files, files.here
        self.exports = FolderExports(root / "exports", self.here.clock)
        self.limit(PartLimits(seconds=0))
        person = self.here.arrive()
        self.sketch = files.send(person)
        self.notes = files.send(person, "notes", NOTES, type="text/plain", ending=".txt")
        answer(person, sketch=self.sketch, notes=self.notes)

    def limit(self, limits: PartLimits) -> None:
        self.here.app.exports = PartWriter(
            self.here.engine,
            self.exports,
            RunFacts("a-run"),
            self.here.clock,
            limits,
            uploads=self.files.store,
        )

    def create(self, options: ExportOptions = WITH_FILES, by: Caller = OPERATOR_CALLER) -> ExportRow:
        row: ExportRow = self.here.app.run(export_jobs.create_export, options, caller=by)
        return row

    def read(self, row: ExportRow) -> ExportRow:
        found: ExportRow = self.here.app.run(export_jobs.read_export, row.id, caller=OPERATOR_CALLER)
        return found

    def written(self, row: ExportRow) -> zipfile.ZipFile:
        name, _ = self.here.app.run(export_jobs.finished_file, row.id, caller=OPERATOR_CALLER)
        link = self.here.app.exports.link(row.id, name, "data.zip")
        path, _ = self.exports.file_behind(link.removeprefix(ADDRESS))
        return zipfile.ZipFile(path)


@pytest.fixture
def office(files: Files, tmp_path: Path) -> Office:
    return Office(files, tmp_path)


def test_an_export_has_the_uploaded_files_if_they_are_asked_for(office: Office) -> None:
    row, plain = office.create(), office.create(ExportOptions())
    office.here.work()
    with office.written(row) as archive:
        assert archive.testzip() is None
        assert archive.read(f"uploads/{office.sketch['reference']}") == PNG
        assert archive.read(f"uploads/{office.notes['reference']}") == NOTES
        assert json.loads(archive.read("manifest.json"))["uploads"] == {
            "files": 2,
            "missing": [],
            "changed": [],
        }
        assert "uploads/" not in archive.namelist()
        count = len(archive.namelist())
    done = office.read(row)
    assert (done.uploads, done.files, done.unscrubbed) == (True, count, False)
    with office.written(plain) as archive:
        assert not [name for name in archive.namelist() if name.startswith("uploads/")]
        assert len(archive.namelist()) == count - 2


def test_a_file_that_was_erased_before_is_named_as_missing(office: Office) -> None:
    (office.files.root / "kept" / office.sketch["reference"]).unlink()
    row = office.create()
    office.here.work()
    with office.written(row) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["uploads"] == {"files": 1, "missing": [office.sketch["reference"]], "changed": []}


def test_an_export_whose_files_are_erased_while_it_is_composed_fails_with_a_sentence(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = office.exports.put

    def erasing(export_id: str, name: str, content: Iterable[bytes]) -> None:
        if name.endswith(".zip"):
            (office.files.root / "kept" / office.sketch["reference"]).unlink()
        put(export_id, name, content)

    monkeypatch.setattr(office.exports, "put", erasing)
    row = office.create()
    office.here.work()
    failed = office.read(row)
    assert (failed.status, failed.size) == ("failed", None)
    assert f"{office.sketch['reference']} was erased or changed" in failed.problem


def test_files_that_are_too_large_for_a_job_are_refused_before_they_are_read(office: Office) -> None:
    office.limit(PartLimits(seconds=0, zip_size=100))
    row = office.create()
    office.here.work()
    failed = office.read(row)
    assert failed.status == "failed"
    assert "Use the command petri export --uploads instead" in failed.problem


def test_only_those_who_may_export_personal_data_get_files(office: Office) -> None:
    people = People(office.here.app)
    people.add("ada", "Viewer")
    people.do(users.grant_to_user, "ada", "Export")
    with pytest.raises(Forbidden):
        office.create(by=people.as_user("ada"))
    assert office.create(ExportOptions(), by=people.as_user("ada")).status == "waiting"


def test_files_and_psych_ds_exclude_each_other(office: Office) -> None:
    with pytest.raises(InvalidState, match="contains no uploaded files"):
        office.create(ExportOptions(excel_safe=False, psych_ds=True, uploads=True))


def test_erasing_files_discards_the_exports_that_have_them(office: Office) -> None:
    row, plain = office.create(), office.create(ExportOptions())
    office.here.work()
    office.here.app.run(discard_exports, only_with_uploads=True, caller=OPERATOR_CALLER)
    office.here.work()
    assert (office.read(row).status, office.read(plain).status) == ("cancelled", "done")
