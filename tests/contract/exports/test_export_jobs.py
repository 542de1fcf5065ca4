"""Export jobs: asked for, written part by part by workers that may die, and read by those who may."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import services
from chalicelib.errors import Forbidden, InvalidField, InvalidState, NotFound, VendorUnreachable
from chalicelib.export import write_zip
from chalicelib.export.jobs.part import PartLimits
from chalicelib.export.jobs.part_writer import PartWriter
from chalicelib.export.jobs.run_facts import RunFacts
from chalicelib.messages import EraseContents, WriteExportPart, kind_of
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.model import keys
from chalicelib.operations.accounts import users
from chalicelib.operations.management.exports import export_jobs, export_parts
from chalicelib.operations.management.exports.export_jobs import ExportRow
from chalicelib.operations.shared.context import OPERATOR_CALLER, Caller
from chalicelib.ports.exports import KEPT_FOR, ExportOptions, ExportPart
from chalicelib.storage.engine import Engine
from chalicelib.storage.engine_store import EngineStore
from chalicelib.storage.files.folder_exports import ADDRESS, FolderExports
from chalicelib.workers import queue_consumer, scheduler
from tests.contract.accounts.people import People
from tests.contract.factories import at_once, not_launched
from tests.tools.engines import Crash, FailingEngine
from tests.tools.torn import TornEngine
from tests.unit.export.runs import a_run

PLAIN = ExportOptions()
PERSONAL = ExportOptions(unscrubbed=True)
#: Every chunk of rows ends a part.
TINY = PartLimits(seconds=0)


class Office:
    """A run whose exports are written by a worker of this test."""

    def __init__(self, engine: Engine, root: Path, limits: PartLimits = TINY) -> None:
        a_run(engine)
        self.engine, self.root = engine, root
        self.app = not_launched(engine)
        self.people = People(self.app)
        self.files = FolderExports(root / "exports", self.app.clock)
        facts = RunFacts("contract")
        self.app.exports = PartWriter(engine, self.files, facts, self.app.clock, limits)

    def do(self, operation: Callable[..., Any], *arguments: Any, by: Caller = OPERATOR_CALLER) -> Any:
        return self.app.run(operation, *arguments, caller=by)

    def create(self, options: ExportOptions = PLAIN, by: Caller = OPERATOR_CALLER) -> ExportRow:
        row: ExportRow = self.do(export_jobs.create_export, options, by=by)
        return row

    def read(self, export_id: str, by: Caller = OPERATOR_CALLER) -> ExportRow:
        row: ExportRow = self.do(export_jobs.read_export, export_id, by=by)
        return row

    def work(self, most: int = 1000) -> int:
        """Handle messages as a worker does, at most so many; return how many there were."""
        queue = self.app.queue
        assert isinstance(queue, LocalQueue)
        count = 0
        with services.using(self.app):
            while count < most and (message := queue.take()) is not None:
                count += 1
                event = LocalQueue.as_event(message, queue.tries(message))
                if queue_consumer.consume(event)["batchItemFailures"]:
                    queue.send(message)
                else:
                    queue.done(message)
        return count

    def restart(self) -> None:
        """Begin again as a new process does: with what the outbox holds."""
        self.app.queue = LocalQueue(self.app.clock)
        with services.using(self.app):
            scheduler.resend_due_messages(min_age=-10)

    def stored(self) -> list[str]:
        return sorted(path.name for path in (self.root / "exports").rglob("*") if path.is_file())

    def zip_of(self, row: ExportRow) -> Path:
        name, _ = self.do(export_jobs.finished_file, row.id)
        path, _ = self.files.file_behind(
            self.app.exports.link(row.id, name, "data.zip").removeprefix(ADDRESS)
        )
        return path


def contents(path: Path) -> Mapping[str, Any]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = {name: archive.read(name) for name in archive.namelist()}
    found["manifest.json"] = {**json.loads(found["manifest.json"]), "exported": None}
    return found


@pytest.fixture
def office(sqlite: Engine, tmp_path: Path) -> Office:
    return Office(sqlite, tmp_path)


def test_an_export_is_written_in_parts_and_offered_when_it_is_whole(engine: Engine, tmp_path: Path) -> None:
    office = Office(engine, tmp_path)
    row = office.create()
    assert (row.status, row.parts, row.created_by) == ("waiting", 0, "operator")
    office.work(5)
    half = office.read(row.id)
    assert (half.status, half.size, half.parts) == ("running", None, 5)
    with pytest.raises(InvalidState, match="isn't finished"):
        office.do(export_jobs.finished_file, row.id)
    office.work()
    done = office.read(row.id)
    assert (done.status, done.problem, done.tables["participant"]) == ("done", "", 3)
    assert done.parts > half.parts
    assert done.rows == sum(done.tables.values())
    path = office.zip_of(done)
    assert (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()) == (done.size, done.sha256)
    assert contents(path) == contents(write_zip(engine, tmp_path, app_id="contract", excel_safe=True))
    # The parts are removed: the finished file alone stays.
    assert office.stored() == [path.name]
    # A request that names a deleted export doesn't prevent another one.
    office.do(export_jobs.delete_export, row.id)
    assert office.create().id != row.id


def test_two_who_ask_at_once_get_one_export(torn: TornEngine, tmp_path: Path) -> None:
    office = Office(torn, tmp_path)
    rows = at_once([office.create, office.create, lambda: office.create(PERSONAL)])
    assert isinstance(rows[0], ExportRow)
    assert isinstance(rows[1], ExportRow)
    assert rows[0].id == rows[1].id
    assert {item["sk"] for item in torn.query(keys.EXPORTS)} == {
        row.id for row in rows if isinstance(row, ExportRow)
    }
    assert len(list(torn.query(keys.EXPORTS))) == 2
    office.work()
    assert office.read(rows[0].id).status == "done"
    # After a finished export, a new one can be made.
    assert office.create().id != rows[0].id


def test_a_worker_that_dies_at_any_commit_loses_nothing(office: Office, tmp_path: Path) -> None:
    expected = contents(write_zip(office.engine, tmp_path, app_id="contract", excel_safe=True))
    office.app.exports = PartWriter(
        office.engine, office.files, RunFacts("contract"), office.app.clock, PartLimits(seconds=0, size=1)
    )
    row = office.create()
    crashes = 0
    for when in ("before", "after") * 20:
        office.app.store = EngineStore(FailingEngine(office.engine, fail_at=2, when=when))  # type: ignore[arg-type]
        try:
            office.work(8)
        except Crash:
            crashes += 1
        office.app.store = EngineStore(office.engine)
        assert office.read(row.id).status in {"waiting", "running"}
        office.restart()
    assert crashes == 40
    office.work()
    assert contents(office.zip_of(office.read(row.id))) == expected


def test_of_two_workers_with_the_same_part_the_first_commit_counts(office: Office) -> None:
    row = office.create()
    begun = office.app.run(export_parts.begin_part, row.id, 1)
    assert begun is not None
    written = [office.app.exports.write_part(row.id, begun.options, begun.state) for _ in range(2)]
    for part in written:
        assert part is not None
        office.app.run(export_parts.finish_part, row.id, 1, part)
    stored = office.engine.get([keys.export(row.id)])[keys.export(row.id)]
    assert stored["part"] == 2
    assert written[0] is not None
    assert stored["state"] == json.loads(json.dumps(written[0].state))
    assert office.app.run(export_parts.begin_part, row.id, 1) is None
    office.work()
    assert office.read(row.id).status == "done"


def test_a_cancelled_or_deleted_export_leaves_no_file(office: Office) -> None:
    cancelled = office.create()
    office.work(4)
    office.do(export_jobs.cancel_export, cancelled.id)
    deleted = office.create(PERSONAL)
    # A part that was written while its export was deleted.
    begun = office.app.run(export_parts.begin_part, deleted.id, 1)
    written = office.app.exports.write_part(deleted.id, begun.options, begun.state)
    office.do(export_jobs.delete_export, deleted.id)
    office.app.run(export_parts.finish_part, deleted.id, 1, written)
    office.work()
    assert office.stored() == []
    assert office.read(cancelled.id).status == "cancelled"
    with pytest.raises(NotFound):
        office.read(deleted.id)
    with pytest.raises(InvalidState, match="under way"):
        office.do(export_jobs.cancel_export, cancelled.id)


class Broken:
    """A writer whose parts fail."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.tries = 0

    def write_part(self, export_id: str, options: ExportOptions, state: Any) -> ExportPart:
        self.tries += 1
        raise self.error

    def link(self, export_id: str, name: str, download_name: str) -> str:
        return ""

    def remove(self, export_id: str, keep: str | None = None) -> None:
        """Remove nothing."""


def test_a_part_that_keeps_failing_fails_its_export_and_says_why(office: Office) -> None:
    office.app.exports = broken = Broken(VendorUnreachable("S3 didn't answer."))
    row = office.create()
    office.work()
    failed = office.read(row.id)
    assert (failed.status, failed.problem, broken.tries) == ("failed", "S3 didn't answer.", 5)
    # Nothing is left behind for the dead letters.
    assert not list(office.engine.query(keys.DEAD_LETTERS))


def test_an_error_of_the_code_shows_no_text_that_may_name_people(office: Office) -> None:
    office.app.exports = Broken(ValueError("W1 isn't valid"))
    row = office.create()
    office.work()
    assert office.read(row.id).problem == "An internal error (ValueError)."


def test_a_psych_ds_export_of_an_experiment_fails_at_once(office: Office) -> None:
    row = office.create(ExportOptions(excel_safe=False, psych_ds=True))
    office.work()
    assert "no data of a study" in office.read(row.id).problem
    assert office.stored() == []
    with pytest.raises(InvalidField, match="Psych-DS"):
        office.create(ExportOptions(psych_ds=True))


def test_an_export_is_its_creators_while_they_have_the_right(office: Office) -> None:
    people = office.people
    for username, role in (
        ("ada", "Researcher"),
        ("bea", "Researcher"),
        ("lea", "Lab admin"),
        ("vic", "Viewer"),
    ):
        people.add(username, role)
    people.do(users.revoke_from_user, "bea", "Researcher")
    people.do(users.grant_to_user, "bea", "Export")
    ada, bea, lea, vic = (people.as_user(one) for one in ("ada", "bea", "lea", "vic"))
    for by, options in ((vic, PLAIN), (bea, PERSONAL)):
        with pytest.raises(Forbidden):
            office.create(options, by)
    plain, personal = office.create(PLAIN, ada), office.create(PERSONAL, ada)
    assert [row.id for row in office.do(export_jobs.list_exports, None, 50, by=ada).rows] == [
        row.id for row in sorted((plain, personal), key=lambda row: row.id, reverse=True)
    ]
    assert office.do(export_jobs.list_exports, None, 50, by=bea).rows == []
    for by in (bea, lea):
        with pytest.raises(NotFound):
            office.read(plain.id, by)
    with pytest.raises(NotFound):
        office.do(export_jobs.delete_export, plain.id, by=bea)
    people.do(users.revoke_from_user, "ada", "Researcher")
    people.do(users.grant_to_user, "ada", "Export")
    ada = people.as_user("ada")
    assert office.read(plain.id, ada).id == plain.id
    with pytest.raises(NotFound):
        office.read(personal.id, ada)
    # A lab admin deletes what they may not read.
    for export_id in (plain.id, personal.id):
        office.do(export_jobs.delete_export, export_id, by=lea)
    assert office.do(export_jobs.list_exports, None, 50, by=ada).rows == []


def test_a_finished_export_expires(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    row = office.create()
    office.work()
    path = office.zip_of(office.read(row.id))
    later = office.app.clock.now() + KEPT_FOR + timedelta(minutes=1)
    monkeypatch.setattr(office.app.clock, "now", lambda: later)
    assert office.read(row.id).status == "expired"
    with pytest.raises(InvalidState, match="expired"):
        office.do(export_jobs.finished_file, row.id)
    assert office.files.sweep() == 1
    assert not path.exists()
    much_later = later + export_jobs.RECORD_KEPT_FOR
    monkeypatch.setattr(office.app.clock, "now", lambda: much_later)
    assert office.create().id != row.id
    with pytest.raises(NotFound):
        office.read(row.id)


def test_a_job_that_does_not_get_on_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    row = office.create()
    assert row.problem == ""
    later = office.app.clock.now() + export_jobs.STUCK_AFTER
    monkeypatch.setattr(office.app.clock, "now", lambda: later)
    assert "dead letters" in office.read(row.id).problem


def test_a_message_that_comes_late_or_twice_does_nothing(office: Office) -> None:
    row = office.create()
    office.work()
    done = office.read(row.id)
    with office.app.store.begin(office.app.clock.now()) as work:
        for part in (1, done.parts, done.parts + 1):
            work.post(WriteExportPart(row.id, part))
        work.commit()
    office.restart()
    assert office.work() >= 3
    assert office.read(row.id) == done
    assert {kind_of(message.body) for message in office.app.store.due(office.app.clock.now())} == set()


def test_an_erasure_deletes_the_exports_that_still_have_what_it_erased(office: Office) -> None:
    done = office.create()
    office.work()
    path = office.zip_of(office.read(done.id))
    running = office.create(PERSONAL)
    office.work(3)
    with office.app.store.begin(office.app.clock.now()) as work:
        work.post(EraseContents(1))
        work.commit()
    office.restart()
    office.work()
    assert [office.read(one.id).status for one in (done, running)] == ["cancelled", "cancelled"]
    assert "Make a new one" in office.read(done.id).problem
    assert (path.exists(), office.stored()) == (False, [])


@pytest.fixture(autouse=True)
def _no_app_left() -> Iterator[None]:
    yield
    services.use(None)
