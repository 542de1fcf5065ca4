"""A run can be continued only with its own experiment, even if that was moved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from chalicelib.errors import BadRequest
from infra.cli.commands.run.bot import bot
from infra.cli.served_run import opened_with_log
from infra.local.lifecycle import origin
from infra.local.lifecycle.run import RunOptions
from infra.local.lifecycle.run_paths import RunPaths

CODE = """
from petri import Empty, Experiment


class {name}(Experiment):
    def create_network(self):
        return Empty(max_size={size})
"""
RUN = "pilot"


def study(folder: Path, name: str = "Study", size: int = 3) -> Path:
    folder.mkdir(parents=True)
    (folder / "experiment.py").write_text(CODE.format(name=name, size=size), encoding="utf-8")
    (folder / "config.txt").write_text("[Experiment]\nbase_payment = 0\n", encoding="utf-8")
    return folder


def serve(folder: Path, places: RunPaths, *, adopt: bool = False) -> None:
    with opened_with_log(RunOptions(folder, RUN, adopt=adopt), places):
        pass


@pytest.fixture
def places(tmp_path: Path) -> RunPaths:
    """A run of the folder `first` exists."""
    made = RunPaths(tmp_path)
    serve(study(tmp_path / "first"), made)
    return made


def refusal(folder: Path, places: RunPaths) -> str:
    """Return why a folder can't continue the run; nothing of the run's files changes."""
    before = {path: path.read_bytes() for path in (places.root / "runs").iterdir()}
    with pytest.raises(BadRequest) as refused:
        serve(folder, places)
    assert {path: path.read_bytes() for path in (places.root / "runs").iterdir()} == before
    return str(refused.value)


def test_another_experiment_is_refused_with_both_names_and_folders(places: RunPaths) -> None:
    other = study(places.root / "second", "Other")
    said = refusal(other, places)
    assert "belongs to the experiment first" in said
    assert str(places.root / "first") in said
    assert f"not to second ({other})" in said
    assert "leave out --id" in said


def test_a_copy_beside_the_first_folder_is_another_experiment(places: RunPaths) -> None:
    refusal(Path(shutil.copytree(places.root / "first", places.root / "copy")), places)


def test_the_same_folder_may_have_been_changed(places: RunPaths) -> None:
    shutil.rmtree(places.root / "first")
    serve(study(places.root / "first", "Renamed", size=9), places)


def test_a_folder_that_moved_is_recognised_by_its_name_and_class(places: RunPaths) -> None:
    shutil.rmtree(places.root / "first")
    moved = study(places.root / "elsewhere" / "first", size=9)
    serve(moved, places)
    assert origin.read(RUN, places).folder == moved


def test_a_folder_that_was_renamed_is_recognised_by_its_code(places: RunPaths) -> None:
    renamed = (places.root / "first").rename(places.root / "better-name")
    serve(renamed, places)
    assert origin.read(RUN, places).folder == renamed


@pytest.mark.parametrize(("place", "name"), [("other/first", "Other"), ("renamed", "Study")])
def test_a_folder_that_only_resembles_a_lost_one_is_refused(places: RunPaths, place: str, name: str) -> None:
    shutil.rmtree(places.root / "first")
    assert "which no longer exists" in refusal(study(places.root / place, name, size=9), places)


def test_the_operator_can_say_that_it_is_the_same_experiment(places: RunPaths) -> None:
    copy = Path(shutil.copytree(places.root / "first", places.root / "copy"))
    serve(copy, places, adopt=True)
    serve(copy, places)


def test_a_run_without_a_recorded_origin_accepts_any_folder(places: RunPaths) -> None:
    places.origin(RUN).unlink()
    serve(study(places.root / "second", "Other"), places)


def test_bots_of_another_experiment_are_kept_out_too(
    places: RunPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = study(places.root / "second", "Other")
    note = places.announce(RUN, "http://127.0.0.1:9")
    monkeypatch.chdir(places.root)
    with pytest.raises(BadRequest, match="belongs to the experiment first"):
        bot(other, app=RUN)
    note.unlink()
