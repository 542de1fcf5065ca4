"""Exports a run, summarizes it, and runs the experiment's own analysis."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from chalicelib.currency import currency_of
from chalicelib.errors import errors_only
from chalicelib.export.archive import write_zip
from chalicelib.export.jobs.run_facts import RunFacts
from chalicelib.export.personal_data import manifest_of
from chalicelib.messaging.system_clock import SystemClock
from chalicelib.storage.engine import Engine
from chalicelib.storage.files.folder_files import FolderFiles
from infra.reports.run_report import Summary, summary_of
from infra.reports.study_report import study_report
from petri.data import Data
from petri.report import Report, about

from .run import Run
from .run_paths import RunPaths


def note_settings(run: Run, paths: RunPaths) -> None:
    """Store a run's settings, versions and code next to its data, for its export."""
    # Lazy import: exports and summaries don't need it.
    from infra.packaging import provenance
    from infra.problems import OperatorProblem

    version = provenance.describe(run.loaded)
    facts = {**manifest_of(version), "settings": run.loaded.config.as_dict()}
    try:
        provenance.archive(run.loaded, version, paths.code(run.id))
    except OperatorProblem as problem:
        paths.code(run.id).unlink(missing_ok=True)
        facts["code_left_out"] = str(problem)
    paths.facts(run.id).write_text(json.dumps(facts, indent=2, default=str), encoding="utf-8")


def facts_of(run_id: str, paths: RunPaths) -> RunFacts:
    """Return what an export tells of a run besides its records."""

    def manifest() -> Mapping[str, Any]:
        facts = paths.facts(run_id)
        return dict(json.loads(facts.read_text(encoding="utf-8"))) if facts.exists() else {}

    def code() -> bytes | None:
        archive = paths.code(run_id)
        return archive.read_bytes() if archive.exists() else None

    return RunFacts(run_id, manifest, code, paths.log(run_id))


def export(
    engine: Engine,
    run_id: str,
    paths: RunPaths,
    *,
    scrub: bool = True,
    excel_safe: bool = False,
    uploads: bool = False,
) -> Path:
    """Write the run's export and return its path; `uploads`: with the files that participants uploaded."""
    log, facts, code = paths.log(run_id), paths.facts(run_id), paths.code(run_id)
    manifest: Mapping[str, Any] = json.loads(facts.read_text(encoding="utf-8")) if facts.exists() else {}
    return write_zip(
        engine,
        paths.export(run_id),
        app_id=run_id,
        scrub=scrub,
        log=log if log.exists() else None,
        code=code if code.exists() else None,
        manifest=manifest,
        excel_safe=excel_safe,
        files=FolderFiles(paths.uploads(run_id), SystemClock()) if uploads else None,
    )


def counted(archive: Path) -> Summary:
    """Summarize an exported run: participants, networks and hourly pay."""
    data = Data(archive)
    return summary_of(data.participants.list, data.networks.list, data.payments.list)


def floor_of(run_id: str, paths: RunPaths) -> Decimal | None:
    """Return the hourly pay below which the operator is warned; None if it isn't set."""
    floor = _settings_of(run_id, paths).get("min_hourly_pay")
    return None if floor is None else Decimal(str(floor))


def currency_in(run_id: str, paths: RunPaths) -> str:
    """Return the currency of a run's payments."""
    return currency_of(_settings_of(run_id, paths))


def _settings_of(run_id: str, paths: RunPaths) -> dict[str, Any]:
    facts = paths.facts(run_id)
    if not facts.exists():
        return {}
    settings: dict[str, Any] = json.loads(facts.read_text(encoding="utf-8"))["settings"]
    return settings


def analysis(run: Run, archive: Path) -> Report | None:
    """Run the experiment's analysis of the run's data; None without one, unless it is a study."""
    data = Data(archive)
    with errors_only():
        report: Report | None = run.app.experiment_class().analyze(data)
    if report is None and data.is_study:
        report = study_report(data)
    if report is not None and not report.about:
        report.about = about(data)
    return report
