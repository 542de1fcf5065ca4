"""Stores of export files: a folder, and a bucket, in which a long file is uploaded in several parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

import pytest
import requests

from chalicelib.errors import Forbidden, NotFound, Refused
from chalicelib.messaging.aws_clients import AwsClients
from chalicelib.ports.exports import KEPT_FOR, ExportFiles
from chalicelib.storage.files.folder_exports import ADDRESS, FolderExports
from chalicelib.storage.files.s3_exports import S3Exports, read_object
from infra.local.moto.moto_engine import REGION, started
from tests.web.clock import HandClock

BUCKET = "petri-story-sandbox-use1-123456789012-files"
LONG = [bytes([number]) * (3 << 20) for number in range(7)]


class Shelf(Protocol):
    """A store, and what a browser gets at a link."""

    store: ExportFiles

    def download(self, link: str) -> tuple[str, bytes]:
        """Open a link; return under which name the file is saved, and its content."""


class Interrupted(Exception):
    """The writer of a file was interrupted."""


class Folder:
    def __init__(self, root: Path) -> None:
        self.clock = HandClock()
        self.store = FolderExports(root, self.clock)

    def download(self, link: str) -> tuple[str, bytes]:
        path, name = self.store.file_behind(link.removeprefix(ADDRESS))
        return name, path.read_bytes()


class Bucket:
    def __init__(self) -> None:
        self.client = AwsClients(REGION).maker("s3")()
        self.client.create_bucket(Bucket=BUCKET)
        self.store = S3Exports(lambda: BUCKET, lambda: self.client)

    def download(self, link: str) -> tuple[str, bytes]:
        answer = requests.get(link, timeout=5)
        kind, _, name = unquote(answer.headers["content-disposition"]).partition("; filename=")
        assert kind == "attachment"
        return name.strip('"'), answer.content


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with started():
        yield Bucket()


@pytest.fixture(params=["folder", "bucket"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    found: Shelf = request.getfixturevalue("bucket") if request.param == "bucket" else Folder(tmp_path)
    return found


@pytest.mark.parametrize("chunks", [[], [b"short"], LONG], ids=["empty", "short", "long"])
def test_a_file_is_read_and_downloaded_as_it_was_written(shelf: Shelf, chunks: list[bytes]) -> None:
    shelf.store.put("e1", "a.zip", iter(chunks))
    assert b"".join(shelf.store.read("e1", "a.zip")) == b"".join(chunks)
    assert shelf.download(shelf.store.link("e1", "a.zip", "run-data.zip")) == (
        "run-data.zip",
        b"".join(chunks),
    )


def test_a_file_whose_writing_broke_off_is_not_there(shelf: Shelf) -> None:
    def broken() -> Iterator[bytes]:
        yield from LONG
        raise Interrupted

    with pytest.raises(Interrupted):
        shelf.store.put("e1", "a.zip", broken())
    with pytest.raises(NotFound):
        b"".join(shelf.store.read("e1", "a.zip"))


def test_files_are_removed_but_the_one_that_is_kept(shelf: Shelf) -> None:
    for export_id, name in (("e1", "part-1"), ("e1", "a.zip"), ("e12", "a.zip")):
        shelf.store.put(export_id, name, [b"x"])
    shelf.store.remove("e1", "a.zip")
    with pytest.raises(NotFound):
        b"".join(shelf.store.read("e1", "part-1"))
    assert b"".join(shelf.store.read("e1", "a.zip")) == b"x"
    for _ in range(2):
        shelf.store.remove("e1")
    with pytest.raises(NotFound):
        b"".join(shelf.store.read("e1", "a.zip"))
    assert b"".join(shelf.store.read("e12", "a.zip")) == b"x"


@pytest.mark.parametrize("name", ["..", "../e2", "a/b", "", ".hidden"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    store = Folder(tmp_path / "exports").store
    for act in (lambda: store.put(name, "a", []), lambda: store.put("e1", name, [])):
        with pytest.raises(Refused):
            act()
    assert list(tmp_path.rglob("a")) == []


def test_a_link_of_a_local_run_ends_and_its_export_expires(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.store.put("e1", "a.zip", [b"x"])
    token = folder.store.link("e1", "a.zip", "data.zip").removeprefix(ADDRESS)
    for wrong in (token[:-1], f"x{token}", ""):
        with pytest.raises(Forbidden):
            folder.store.file_behind(wrong)
    folder.clock.turn(minutes=6)
    with pytest.raises(Forbidden):
        folder.store.file_behind(token)
    path, now = tmp_path / "e1", folder.clock.now().timestamp()
    os.utime(path, (now, now))
    folder.clock.turn(days=KEPT_FOR.days, minutes=-1)
    assert folder.store.sweep() == 0
    folder.clock.turn(minutes=2)
    assert (folder.store.sweep(), path.exists()) == (1, False)


def test_an_object_that_is_not_there_has_no_content(bucket: Bucket) -> None:
    assert read_object(bucket.client, BUCKET, "code.zip") is None
    bucket.client.put_object(Bucket=BUCKET, Key="code.zip", Body=b"code")
    assert read_object(bucket.client, BUCKET, "code.zip") == b"code"
