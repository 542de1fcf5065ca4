"""How a command opens a run, served or not."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from chalicelib.errors import NotFound
from chalicelib.operations.participant.submission import process_submission
from chalicelib.operations.recruitment.recruitment import open_places_by_operator
from chalicelib.operations.shared.context import OPERATOR_CALLER
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.local.lifecycle import run_outcome
from infra.local.lifecycle.run_session import DrainResult
from infra.operator.run_session import opened
from tests.unit.operator.runs import RUN, Scene


def announce(scene: Scene, pid: int) -> None:
    note = scene.root / "runs" / f"{RUN}.running"
    note.write_text(json.dumps({"url": "http://127.0.0.1:5000", "pid": pid}), encoding="utf-8")


def test_if_the_run_is_not_served_the_command_handles_the_messages_and_reports_it(scene: Scene) -> None:
    with opened(RUN, scene.places) as office:
        office.app.run(open_places_by_operator, 1, caller=OPERATOR_CALLER)
        carried = office.carry_out()
    assert (carried.done, carried.failed) == (1, 0)
    assert str(carried) == "The run isn't being served. This command processed 1 message."


def test_recruiters_messages_are_passed_on(scene: Scene) -> None:
    with opened(RUN, scene.places) as office:
        office.app.run(open_places_by_operator, 1, caller=OPERATOR_CALLER)
        (output,) = office.carry_out().output
    assert output.startswith("New participant requested: ")


def test_if_the_run_is_served_its_host_processes_the_messages(scene: Scene) -> None:
    announce(scene, os.getpid())
    with opened(RUN, scene.places) as office:
        office.app.run(open_places_by_operator, 1, caller=OPERATOR_CALLER)
        assert office.carry_out() == DrainResult(0, 0, by_host=True)
        left = office.app.store.due(office.app.clock.now())
    assert [message.body["kind"] for message in left] == ["open_places"]


def test_a_host_that_was_killed_serves_nothing(scene: Scene) -> None:
    announce(scene, 2**22 + 1)
    with opened(RUN, scene.places) as office:
        assert office.address is None


def test_failed_messages_are_counted_and_kept(scene: Scene) -> None:
    with opened(RUN, scene.places) as office:
        office.app.run(process_submission, 1)
        carried = office.carry_out()
        left = office.app.store.due(office.app.clock.now())
    assert (carried.done, carried.failed) == (1, 1)
    assert [message.body["kind"] for message in left] == ["review_submission"]
    assert "will be retried when the run is served" in str(carried)


def test_a_run_is_opened_with_the_settings_that_it_was_made_with(scene: Scene) -> None:
    with opened(RUN, scene.places) as office:
        assert office.app.config.get("auto_recruit") is False


def test_the_working_directory_is_the_experiments_meanwhile(scene: Scene) -> None:
    with opened(RUN, scene.places):
        assert Path.cwd() == scene.root / "study"
    assert Path.cwd() == scene.root


def test_read_only_commands_work_while_the_experiment_is_broken(scene: Scene) -> None:
    (scene.root / "study" / "experiment.py").write_text("import nothing_of_this_name", encoding="utf-8")
    with opened(RUN, scene.places, with_code=False) as office:
        assert office.run_id == RUN


def test_a_run_whose_folder_no_longer_exists_is_reported(scene: Scene) -> None:
    shutil.rmtree(scene.root / "study")
    with pytest.raises(NotFound, match="study, which no longer exists"), opened(RUN, scene.places):
        pass


def test_a_run_without_a_recorded_origin_says_how_to_record_it(scene: Scene) -> None:
    scene.places.origin(RUN).unlink()
    with pytest.raises(NotFound, match=f"petri debug DIR --id {RUN}"), opened(RUN, scene.places):
        pass


def test_no_export_reveals_the_path_of_the_experiment(scene: Scene) -> None:
    with closing(SQLiteEngine(scene.places.database(RUN))) as engine:
        archive = run_outcome.export(engine, RUN, scene.places, scrub=False)
    with zipfile.ZipFile(archive) as opened_archive:
        told = b"".join(opened_archive.read(name) for name in opened_archive.namelist())
    assert str(scene.root).encode() not in told
