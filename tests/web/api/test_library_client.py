"""`petri.client` and `petri library`: folders are published, copied and published again over HTTP."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from typer.testing import CliRunner

from chalicelib.errors import BadRequest
from chalicelib.storage.files.folder_files import ADDRESS as UPLOADS
from chalicelib.storage.files.folder_files import FolderFiles
from chalicelib.study.study_library.study_origins import StudyOrigin, read_origins, write_origins
from infra.cli.main import app as petri
from infra.study_library.package_folders import entry_name_of, pack_study, unpack_study
from infra.study_library.play_reports import report_play
from infra.verify.studies.origin_file import check_origins
from petri.client import ApiError, Client
from tests.unit.study_library.zips import STUDY, zipped
from tests.web.api.test_client import ADDRESS, Wire
from tests.web.conftest import NewWorld
from tests.web.world import OPERATOR_TOKEN, World


class PackageWire(Wire):
    """Carries uploads and downloads of packages too; what is downloaded can be changed on the way."""

    def __init__(self, here: World, files: FolderFiles) -> None:
        super().__init__(here)
        self.files = files
        self.changed = b""

    def send(self, request: Any, *args: Any, **how: Any) -> requests.Response:
        path = urlsplit(request.url).path
        if not path.startswith(UPLOADS):
            return super().send(request, *args, **how)
        assert "Authorization" not in request.headers
        response = requests.Response()
        response.request, response.url, response.status_code = request, request.url, 200
        if request.method == "POST":
            with self.files.receive(path.removeprefix(UPLOADS)) as incoming:
                incoming.write(request.body)
                incoming.finish()
        else:
            found = self.files.file_behind(path.removeprefix(UPLOADS))
            response.raw = io.BytesIO(found.read_bytes() + self.changed)
        return response


@pytest.fixture
def wire(world: NewWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackageWire:
    """The wire to a run with a library, of which commands know the address and a token."""
    here = world()
    files = FolderFiles(tmp_path / "uploads", here.clock)
    here.app.files = files
    made = PackageWire(here, files)
    monkeypatch.setattr(requests.Session, "get_adapter", lambda *_, **__: made)
    monkeypatch.setenv("PETRI_LIBRARY", ADDRESS)
    monkeypatch.setenv("PETRI_TOKEN", OPERATOR_TOKEN)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study's folder with secrets and data of a run."""
    made = tmp_path / "Stroop_Task"
    files = {
        **STUDY,
        "config.txt": b"[Experiment]\ntitle = Stroop\ndashboard_password = one\n  two\nrecruiter = link\n",
        ".petriconfig": b"secret",
        "deploy.pem": b"secret",
        "data/run-data.zip": b"data",
    }
    for name, content in files.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return made


def call(*words: str) -> str:
    result = CliRunner().invoke(petri, ["library", *words])
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def test_a_folder_is_published_listed_copied_and_rated_by_commands(
    wire: PackageWire, folder: Path, tmp_path: Path
) -> None:
    said = call("publish", str(folder), "--title", "[b]Stroop", "--visibility", "lab", "--licence", "MIT")
    assert "Left out of config.txt: dashboard_password." in said
    assert "Published stroop-task, version 1: 3 files." in said
    assert "[b]Stroop" in call("--search", "stroop")
    assert "no entry" in call("--search", "nothing")
    target = tmp_path / "copies" / "mine"
    assert "Licence: MIT" in call("copy", "stroop-task", str(target))
    names = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert names == {"config.txt", "experiment.py", "pages/welcome.md", "origin.toml"}
    config = (target / "config.txt").read_text(encoding="utf-8")
    assert config == "[Experiment]\ntitle = Stroop\nrecruiter = link\n"
    [origin] = read_origins((target / "origin.toml").read_text(encoding="utf-8"))
    assert (origin.entry, origin.version, origin.address) == ("stroop-task", 1, ADDRESS)
    assert origin.copied
    assert not list(check_origins(target))
    # The copy is changed and published: its origin is shown, and copied with it.
    (target / "pages/more.md").write_text("# More\n", encoding="utf-8")
    call("publish", str(target), "--name", "second")
    assert "Copied from [b]Stroop (stroop-task 1)" in call("show", "second")
    assert "It was copied from [b]Stroop (stroop-task, version 1)" in call(
        "copy", "second", str(tmp_path / "again")
    )
    assert wire.here.items("library_version")


def test_a_copy_replaces_no_file_and_appears_as_a_whole(tmp_path: Path) -> None:
    content = zipped(STUDY)
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(BadRequest, match="isn't an empty folder"):
        unpack_study(content, full)
    for bad in (zipped({**STUDY, "../evil.py": b"x"}), content[:-30]):
        with pytest.raises(BadRequest):
            unpack_study(bad, tmp_path / "new")
    assert {path.name for path in tmp_path.iterdir()} == {"full"}
    assert unpack_study(content, tmp_path / "new") == []


def test_a_package_that_was_changed_on_the_way_is_refused(wire: PackageWire, folder: Path) -> None:
    client = Client(ADDRESS, OPERATOR_TOKEN)
    package = pack_study(folder).content
    row = client.publish_package("stroop", package, title="Stroop")
    assert client.publish_package("stroop", package) == row
    wire.changed = b"x"
    with pytest.raises(ApiError, match="damaged"):
        client.copy_package("stroop")


def test_a_command_without_a_token_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PETRI_TOKEN", raising=False)
    result = CliRunner().invoke(petri, ["library", "--address", ADDRESS])
    assert result.exit_code != 0
    assert isinstance(result.exception, BadRequest) or "PETRI_TOKEN" in result.output


def test_an_origin_file_that_was_damaged_is_an_error_of_petri_verify(tmp_path: Path) -> None:
    assert not list(check_origins(tmp_path))
    (tmp_path / "origin.toml").write_text("[[origin]]\nentry = 1\n", encoding="utf-8")
    assert "origin.toml" in str(next(iter(check_origins(tmp_path))))
    assert "note" not in CliRunner().invoke(petri, ["verify", str(tmp_path)]).output


def test_petri_verify_notes_the_origins_of_a_copy_the_nearest_first(folder: Path) -> None:
    origins = [
        StudyOrigin(entry=name, number=1, version=2, sha256="0" * 64, title="[b]T", library="lab")
        for name in ("near", "far")
    ]
    (folder / "origin.toml").write_text(write_origins(origins), encoding="utf-8")
    lines = [
        line
        for line in CliRunner().invoke(petri, ["verify", str(folder)]).output.splitlines()
        if line.startswith("note")
    ]
    assert lines == [
        f"note    origin.toml: Copied from [b]T ({name}, version 2) in lab." for name in ("near", "far")
    ]


def test_a_folder_gives_an_entry_its_name_and_an_origin_is_a_sentence(tmp_path: Path) -> None:
    assert entry_name_of(tmp_path / "My_Stroop  (2)") == "my-stroop-2"
    origin = StudyOrigin(
        entry="a", number=1, version=2, sha256="0" * 64, title="T", author="Ann", copied="2026-11-29T10"
    )
    assert origin.sentence() == "T (a, version 2) by Ann, copied 2026-11-29"


def test_a_run_of_a_copy_is_reported_once_and_nothing_else_of_it(
    wire: PackageWire, folder: Path, tmp_path: Path
) -> None:
    client = Client(ADDRESS, OPERATOR_TOKEN)
    client.publish_package("stroop", pack_study(folder).content, visibility="lab")
    copy = tmp_path / "copy"
    assert CliRunner().invoke(petri, ["library", "copy", "stroop", str(copy)]).exit_code == 0
    for run in ("secret-run", "secret-run", "next-run"):
        assert "as a play of stroop" in report_play(copy, run)
    assert client.library.read("stroop").entry.plays == 2
    client.library.describe("stroop", name="renamed")
    assert "wasn't reported" in report_play(copy, "third-run")
    client.publish_package("stroop", zipped({**STUDY, "x.txt": b"x"}))
    assert "is another study there now" in report_play(copy, "third-run")
    assert client.library.read("stroop").entry.plays == 0


@pytest.mark.parametrize("missing", ["PETRI_LIBRARY", "PETRI_TOKEN", "origin.toml", "address"])
def test_nothing_is_sent_about_a_run_unless_the_library_of_its_copy_is_named(
    missing: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was sent")

    monkeypatch.setattr(requests.Session, "get_adapter", refuse)
    monkeypatch.setenv("PETRI_LIBRARY", ADDRESS)
    monkeypatch.setenv("PETRI_TOKEN", OPERATOR_TOKEN)
    origin = StudyOrigin(entry="stroop", number=1, version=1, sha256="0" * 64, address=ADDRESS)
    if missing == "address":
        origin = replace(origin, address="https://elsewhere.example")
    if missing != "origin.toml":
        (folder / "origin.toml").write_text(write_origins([origin]), encoding="utf-8")
    if missing.startswith("PETRI"):
        monkeypatch.delenv(missing)
    assert report_play(folder, "run") == ""


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "no address", "https://[", "ftp://x.example"])
def test_a_library_that_does_not_answer_is_said_in_one_line(
    address: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PETRI_LIBRARY", address)
    monkeypatch.setenv("PETRI_TOKEN", "t\u00f6ken\n")
    origin = StudyOrigin(entry="stroop", number=1, version=1, sha256="0" * 64, address=address)
    (folder / "origin.toml").write_text(write_origins([origin]), encoding="utf-8")
    for text in (None, "not toml"):
        if text is not None:
            (folder / "origin.toml").write_text(text, encoding="utf-8")
        said = report_play(folder, "run")
        assert said.startswith("This run wasn't reported to the library")
        assert "\n" not in said
