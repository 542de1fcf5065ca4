"""`petri lab serve`."""

from __future__ import annotations

from pathlib import Path

from infra.cli.live_status import Links
from infra.cli.served_run import listening, opened_with_log, serve_people
from infra.lab.lab_keys import LabKeyRing, require_joserfc
from infra.lab.lab_places import LAB_FOLDER
from infra.local.lifecycle.run import RunOptions
from infra.local.lifecycle.run_lifecycle import SessionSpec
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.lifecycle.run_session import RunSession


def serve_lab(lab_id: str, name: str, port: int | None) -> None:
    """Serve a lab from this machine until Ctrl-C; a lab that was served before goes on."""
    require_joserfc()
    paths = RunPaths(Path.cwd())
    options = RunOptions(LAB_FOLDER, lab_id, settings={"mode": "live", "title": name})
    with opened_with_log(options, paths, port) as run:
        LabKeyRing(RunSession(run.id, run.app, None)).current()
        plan = SessionSpec(run.id, listening(run, port), launch=False)
        serve_people(run, plan, paths, Links(browser=True))
