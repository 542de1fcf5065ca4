from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.errors import BadRequest, NotFound
from infra.local.lifecycle.run_paths import RunPaths, checked, new_run_id


@pytest.fixture
def places(tmp_path: Path) -> RunPaths:
    return RunPaths(tmp_path)


def test_a_runs_files_lie_in_runs_and_what_comes_out_in_data(places: RunPaths) -> None:
    assert places.database("a").relative_to(places.root) == Path("runs/a.sqlite")
    assert places.export("a").relative_to(places.root) == Path("data/a-data.zip")


@pytest.mark.parametrize("run_id", ["", "../a", "a/b", ".a", "a b", "x" * 65, "a\0"])
def test_an_id_that_cannot_name_a_file_is_refused(run_id: str) -> None:
    with pytest.raises(BadRequest):
        checked(run_id)


def test_a_new_id_names_the_experiment_and_is_valid() -> None:
    assert checked(new_run_id("bärtlett 1932!")).startswith("b-rtlett-1932-")


def test_two_new_ids_of_one_moment_differ() -> None:
    assert new_run_id("a") != new_run_id("a")


def test_without_an_id_the_latest_run_is_meant(places: RunPaths) -> None:
    for run_id, written in (("new", 2_000_000_000), ("old", 1_000_000_000)):
        places.database(run_id).touch()
        os.utime(places.database(run_id), (written, written))
    assert places.existing(None) == "new"


def test_a_run_whose_log_of_writes_is_younger_counts_as_the_latest(places: RunPaths) -> None:
    for run_id, written in (("new", 1_000_000_000), ("old", 1_500_000_000)):
        places.database(run_id).touch()
        os.utime(places.database(run_id), (written, written))
    places.database("new").with_suffix(".sqlite-wal").touch()
    assert places.existing(None) == "new"


def test_an_unknown_run_is_refused_with_the_latest(places: RunPaths) -> None:
    places.database("mine").touch()
    with pytest.raises(NotFound, match="the latest is mine"):
        places.existing("yours")


def test_without_any_run_the_error_says_how_to_start_one(places: RunPaths) -> None:
    with pytest.raises(NotFound, match="petri debug"):
        places.existing(None)


def test_a_run_that_is_being_served_is_found(places: RunPaths) -> None:
    places.announce("a", "http://127.0.0.1:1")
    assert places.address() == places.address("a") == "http://127.0.0.1:1"


@pytest.mark.e2e
def test_a_run_whose_process_has_died_is_not_found(places: RunPaths) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    note = places.announce("a", "http://127.0.0.1:1")
    note.write_text(f'{{"url": "http://127.0.0.1:1", "pid": {int(ended.stdout)}}}')
    with pytest.raises(NotFound):
        places.address()
