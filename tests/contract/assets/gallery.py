"""A run whose assets are uploaded and removed in tests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib import services
from chalicelib.messaging.local_queue import LocalQueue
from chalicelib.operations.assets import asset_rows, uploads_of_assets
from chalicelib.operations.assets.asset_rows import AssetQuota, AssetRow
from chalicelib.operations.assets.uploads_of_assets import AssetFacts, AssetFile, BegunUpload
from chalicelib.operations.shared.context import OPERATOR_CALLER, Caller
from chalicelib.storage.engine import Engine
from chalicelib.storage.files.folder_files import ADDRESS, FolderFiles
from chalicelib.workers import queue_consumer, scheduler
from tests.contract.factories import not_launched

PNG = b"\x89PNG\r\n\x1a\n"
MP3 = b"ID3\4\0\0\0\0\0\0"
FACTS = AssetFacts(alt="A smiling face")


def picture(number: int = 0, size: int = 1000) -> bytes:
    return PNG + f"{number:08}".encode() + b"\1" * (size - 16)


class Gallery:
    """A run, and people who upload files to it."""

    def __init__(self, engine: Engine, root: Path, **settings: Any) -> None:
        self.app = not_launched(engine, **settings)
        self.files = FolderFiles(root, self.app.clock)
        self.app.files = self.files

    def do(
        self, operation: Callable[..., Any], *given: Any, by: Caller = OPERATOR_CALLER, **more: Any
    ) -> Any:
        return self.app.run(operation, *given, caller=by, **more)

    def begin(self, name: str, content: bytes, by: Caller = OPERATOR_CALLER) -> BegunUpload:
        file = AssetFile(name, len(content), hashlib.sha256(content).hexdigest())
        begun: BegunUpload = self.do(uploads_of_assets.begin_upload, file, by=by)
        return begun

    def post(self, begun: BegunUpload, content: bytes) -> None:
        with self.files.receive(begun.url.removeprefix(ADDRESS)) as incoming:
            incoming.write(content)
            incoming.finish()

    def finish(self, begun: BegunUpload, facts: AssetFacts = FACTS) -> AssetRow:
        row: AssetRow = self.do(uploads_of_assets.finish_upload, begun.id, facts)
        return row

    def upload(self, name: str, content: bytes, facts: AssetFacts = FACTS) -> AssetRow:
        begun = self.begin(name, content)
        if begun.asset is not None:
            return begun.asset
        self.post(begun, content)
        return self.finish(begun, facts)

    def names(self, *, deleted: bool = False) -> list[str]:
        listing = self.do(asset_rows.list_assets, None, 100, deleted=deleted)
        return [row.name for row in listing.rows]

    def quota(self) -> AssetQuota:
        found: AssetQuota = self.do(asset_rows.read_quota)
        return found

    def content(self, row: AssetRow) -> bytes | None:
        path = self.files.published(row.address.rpartition("/")[2])
        return None if path is None else path.read_bytes()

    def work(self) -> None:
        """Handle the messages that are due, as a worker does that has just started."""
        self.app.queue = queue = LocalQueue(self.app.clock)
        with services.using(self.app):
            scheduler.resend_due_messages(min_age=-10)
            while (message := queue.take()) is not None:
                event = LocalQueue.as_event(message, queue.tries(message))
                assert queue_consumer.consume(event)["batchItemFailures"] == []
                queue.done(message)
