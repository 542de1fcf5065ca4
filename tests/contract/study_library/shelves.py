"""A run with a library, and the users who publish in it and copy from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib import services
from chalicelib.access.rights import LAB_ADMIN, RESEARCHER, ROLES, VIEWER, Actor
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.model import keys
from chalicelib.operations.shared.context import OPERATOR_CALLER, Caller, Context, caller_of
from chalicelib.operations.study_library import entry_rows, publishing
from chalicelib.operations.study_library.entry_rows import EntryDetail, EntryFilter, EntryRow, LibraryQuota
from chalicelib.operations.study_library.publishing import BegunPackage, EntryTexts, PackageFile
from chalicelib.storage.engine import Engine
from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from chalicelib.study.study_library.library_records import EntryVisibility
from chalicelib.workers import queue_consumer, scheduler
from tests.contract.factories import not_launched
from tests.unit.study_library.zips import a_study


def a_user(name: str, role: str = RESEARCHER) -> Caller:
    return caller_of(Actor(f"user:{name}", name.title(), ROLES[role]))


ANN, BEN = a_user("ann"), a_user("ben")
VIEWING, MANAGING = a_user("vic", VIEWER), a_user("mia", LAB_ADMIN)
SHARED = EntryTexts(visibility=EntryVisibility.LAB)
PRIVATE = EntryTexts(visibility=EntryVisibility.PRIVATE)


class Shelves:
    """A run with a library."""

    def __init__(self, engine: Engine, root: Path, **settings: Any) -> None:
        self.app = not_launched(engine, **settings)
        self.files = FolderFiles(root, self.app.clock)
        self.app.files = self.files

    def do(
        self, operation: Callable[..., Any], *given: Any, by: Caller = OPERATOR_CALLER, **more: Any
    ) -> Any:
        return self.app.run(operation, *given, caller=by, **more)

    def begin(self, name: str, content: bytes, by: Caller = ANN) -> BegunPackage:
        file = PackageFile(name, len(content), hashlib.sha256(content).hexdigest())
        begun: BegunPackage = self.do(publishing.begin_package, file, by=by)
        return begun

    def post(self, begun: BegunPackage, content: bytes) -> None:
        with self.files.receive(begun.url.removeprefix(ADDRESS)) as incoming:
            incoming.write(content)
            incoming.finish()

    def publish(
        self, name: str, content: bytes | None = None, texts: EntryTexts = SHARED, by: Caller = ANN
    ) -> EntryRow:
        package = a_study(name=name.encode()) if content is None else content
        begun = self.begin(name, package, by)
        if begun.entry is not None:
            return begun.entry
        self.post(begun, package)
        row: EntryRow = self.do(publishing.finish_package, begun.id, texts, by=by)
        return row

    def read(self, name: str, by: Caller = ANN) -> EntryDetail:
        detail: EntryDetail = self.do(entry_rows.read_entry, name, by=by)
        return detail

    def names(self, words: str = "", by: Caller = ANN, **asked: bool) -> list[str]:
        listing = self.do(entry_rows.list_entries, EntryFilter(words, **asked), None, 100, by=by)
        return [row.id for row in listing.rows]

    def quota(self) -> LibraryQuota:
        found: LibraryQuota = self.do(entry_rows.read_library_quota)
        return found

    def work(self) -> None:
        """Handle the messages that are due, as a worker does that has just started."""
        self.app.queue = queue = LocalQueue(self.app.clock)
        with services.using(self.app):
            scheduler.resend_due_messages(min_age=-10)
            while (message := queue.take()) is not None:
                event = LocalQueue.as_event(message, queue.tries(message))
                assert queue_consumer.consume(event)["batchItemFailures"] == []
                queue.done(message)

    def stored_about(self, number: int) -> dict[Any, Any]:
        """Return what is stored about the versions, the uses and the sums of an entry."""

        def collect(ctx: Context) -> dict[Any, Any]:
            pages = (keys.library_versions(number), keys.library_uses(number))
            found = {(item["pk"], item["sk"]): item for pk in pages for item in ctx.uow.page(pk).items}
            return {**found, **ctx.uow.get_fields(keys.library_counts(number), ["views"])}

        return dict(self.do(collect))
