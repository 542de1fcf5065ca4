"""`Client.export` makes an export, waits for it and downloads it; and the examples of the API's guide."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from chalicelib.export.jobs.part import PartLimits
from chalicelib.export.jobs.part_writer import PartWriter
from chalicelib.export.jobs.run_facts import RunFacts
from chalicelib.storage.files.folder_exports import ADDRESS, FolderExports
from petri.client import ApiError, Client
from tests.docs.blocks import DOCS
from tests.web.api.test_client import ADDRESS as RUN
from tests.web.api.test_client import Wire
from tests.web.conftest import NewWorld
from tests.web.paying_runs import Till, paying
from tests.web.world import OPERATOR_TOKEN, World


class FileWire(Wire):
    """Carries downloads too, and keeps the headers with which a file was asked for."""

    def __init__(self, here: World, files: FolderExports) -> None:
        super().__init__(here)
        self.files = files
        self.asked_with: dict[str, str] = {}
        self.changed = b""

    def send(self, request: Any, *args: Any, **how: Any) -> requests.Response:
        path = urlsplit(request.url).path
        if not path.startswith(ADDRESS):
            return super().send(request, *args, **how)
        self.asked_with = dict(request.headers)
        file, _ = self.files.file_behind(path.removeprefix(ADDRESS))
        response = requests.Response()
        response.request, response.url, response.status_code = request, request.url, 200
        response.raw = io.BytesIO(file.read_bytes() + self.changed)
        return response


@pytest.fixture
def wire(world: NewWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileWire:
    """The wire to a run whose participants 1 and 2 have been paid, and whose exports can be written."""
    till = Till(world, paying(bonus=1))
    till.finish()
    till.finish()
    here = till.here
    files = FolderExports(tmp_path / "exports", here.clock)
    here.app.exports = PartWriter(here.engine, files, RunFacts("a-run"), here.clock, PartLimits(seconds=0))
    made = FileWire(here, files)
    monkeypatch.setattr(requests.Session, "get_adapter", lambda *_, **__: made)
    # While the client waits, the worker works.
    monkeypatch.setattr("petri.client.time.sleep", _worked(here))
    return made


def _worked(here: World) -> Callable[[float], None]:
    def sleep(_: float) -> None:
        here.work()

    return sleep


def test_an_export_is_made_awaited_and_downloaded(wire: FileWire, tmp_path: Path) -> None:
    client = Client(RUN, OPERATOR_TOKEN)
    path = client.export(tmp_path / "data.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    (row,) = client.exports.list()
    assert (row.status, row.sha256) == ("done", hashlib.sha256(path.read_bytes()).hexdigest())
    # The link is all that the download needs: the token isn't sent to where the file is.
    assert "Authorization" not in wire.asked_with


def test_a_file_that_arrives_damaged_is_not_kept(wire: FileWire, tmp_path: Path) -> None:
    wire.changed = b"x"
    with pytest.raises(ApiError, match="damaged"):
        Client(RUN, OPERATOR_TOKEN).export(tmp_path / "data.zip")
    assert list(tmp_path.glob("data.zip*")) == []


def test_an_export_that_fails_raises_what_was_wrong(wire: FileWire, tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="no data of a study") as failed:
        Client(RUN, OPERATOR_TOKEN).export(tmp_path / "data.zip", excel_safe=False, psych_ds=True)
    assert failed.value.code == "export_failed"


def test_the_examples_of_the_documentation_run(
    wire: FileWire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PETRI_TOKEN", OPERATOR_TOKEN)
    monkeypatch.chdir(tmp_path)
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in text.split("```python\n")[1:]]
    assert len(blocks) >= 3
    for block in blocks:
        exec(compile(block, "api.md", "exec"), {})  # noqa: S102 - an example of our own documentation
    assert "bonus-1" in {item["payment_kind"] for item in wire.here.items("payment")}
    assert zipfile.is_zipfile(tmp_path / "run.zip")
