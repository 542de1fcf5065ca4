from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chalicelib.errors import ExperimentError
from chalicelib.experiment.loader.experiment_folder import load_experiment
from infra.cli.main import app
from infra.scaffold import KINDS, create
from infra.verify import verify

FILES = [
    ".gitignore",
    "README.md",
    "bots.py",
    "config.txt",
    "experiment.py",
    "static/scripts/experiment.js",
    "templates/ad.html",
    "templates/consent.html",
    "templates/exp.html",
    "templates/instructions.html",
    "templates/layout.html",
    "templates/questionnaire.html",
    "tests/test_my_study.py",
]


def test_a_new_folder_holds_all_that_an_experiment_needs(tmp_path: Path) -> None:
    folder = create("my_study", tmp_path)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == FILES


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wrong_with_a_new_folder_of_any_kind(tmp_path: Path, kind: str) -> None:
    folder = create("my_study", tmp_path, kind)
    assert verify(folder, environ={}, home=tmp_path) == []
    assert [path for path in folder.rglob("*") if path.is_file() and "@@" in path.read_text()] == []


def test_a_kind_that_there_is_not_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="is not a kind of experiment"):
        create("my_study", tmp_path, "opera")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["my_study", "Study2", "bot", "empty", "experiment", "a_", "x"])
def test_nothing_is_wrong_with_a_new_folder(tmp_path: Path, name: str) -> None:
    assert verify(create(name, tmp_path), environ={}, home=tmp_path) == []


def test_the_experiment_is_called_as_was_asked(tmp_path: Path) -> None:
    loaded = load_experiment(create("my_study", tmp_path), environ={}, home=tmp_path)
    assert (loaded.name, loaded.experiment_class.__name__) == ("my_study", "MyStudy")


def test_a_new_experiment_has_a_bot(tmp_path: Path) -> None:
    loaded = load_experiment(create("my_study", tmp_path), environ={}, home=tmp_path)
    assert list(loaded.bots()) == ["Bot"]


def test_no_placeholder_is_left(tmp_path: Path) -> None:
    folder = create("my_study", tmp_path)
    left = [path for path in folder.rglob("*") if path.is_file() and re.search("@@", path.read_text())]
    assert left == []


@pytest.mark.parametrize(
    "name", ["", "my study", "1st", "my-study", "../up", "a/b", "é", "class", "json", "petri", "match", "_x"]
)
def test_an_invalid_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExperimentError, match="such as my_"):
        create(name, tmp_path / "place")
    assert not (tmp_path / "place").exists()


def test_an_existing_folder_is_unchanged(tmp_path: Path) -> None:
    (tmp_path / "my_study").mkdir()
    with pytest.raises(ExperimentError, match="already exists; choose another name"):
        create("my_study", tmp_path)
    assert list((tmp_path / "my_study").iterdir()) == []


def test_a_folder_that_can_not_be_finished_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "place").mkdir()
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        create("my_study", tmp_path / "place")
    assert list((tmp_path / "place").iterdir()) == []


def test_a_new_jspsych_study_keeps_its_own_copy_of_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["new", "arrows", "--kind", "jspsych"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "arrows" / "static" / "vendor" / "jspsych" / "jspsych.js").is_file()
    assert verify(tmp_path / "arrows", environ={}, home=tmp_path) == []
