"""What comes out of a run: the exported zip, and the experiment's own analysis of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from chalicelib.currency import currency_of
from chalicelib.errors import errors_only
from chalicelib.export.archive import write_zip
from chalicelib.storage.engine import Engine
from infra.reports.run_report import Summary, summary_of
from petri.data import Data
from petri.report import Report, about

from .run import Run
from .run_paths import RunPaths


def note_settings(run: Run, places: RunPaths) -> None:
    """Keep beside the data what the run's export says about how it was made, and the code that runs."""
    # Lazy import: exports and summaries have no use for it.
    from infra.packaging import provenance
    from infra.problems import OperatorProblem

    version = provenance.describe(run.loaded)
    facts = {**provenance.manifest_of(version), "settings": run.loaded.config.as_dict()}
    try:
        provenance.archive(run.loaded, version, places.code(run.id))
    except OperatorProblem as problem:
        places.code(run.id).unlink(missing_ok=True)
        facts["code_left_out"] = str(problem)
    places.facts(run.id).write_text(json.dumps(facts, indent=2, default=str), encoding="utf-8")


def export(
    engine: Engine, run_id: str, places: RunPaths, *, scrub: bool = True, excel_safe: bool = False
) -> Path:
    """Write the run's zip and give its path."""
    log, facts, code = places.log(run_id), places.facts(run_id), places.code(run_id)
    manifest: Mapping[str, Any] = json.loads(facts.read_text(encoding="utf-8")) if facts.exists() else {}
    return write_zip(
        engine,
        places.export(run_id),
        app_id=run_id,
        scrub=scrub,
        log=log if log.exists() else None,
        code=code if code.exists() else None,
        manifest=manifest,
        excel_safe=excel_safe,
    )


def counted(archive: Path) -> Summary:
    """Count participants and networks of an exported run, and reckon its pay."""
    data = Data(archive)
    return summary_of(data.participants.list, data.networks.list, data.payments.list)


def floor_of(run_id: str, places: RunPaths) -> Decimal | None:
    """Return the pay an hour below which a run's operator wants to be warned; None when it isn't set."""
    floor = _settings_of(run_id, places).get("min_hourly_pay")
    return None if floor is None else Decimal(str(floor))


def currency_in(run_id: str, places: RunPaths) -> str:
    """Return the currency that a run's amounts are in."""
    return currency_of(_settings_of(run_id, places))


def _settings_of(run_id: str, places: RunPaths) -> dict[str, Any]:
    facts = places.facts(run_id)
    if not facts.exists():
        return {}
    settings: dict[str, Any] = json.loads(facts.read_text(encoding="utf-8"))["settings"]
    return settings


def analysis(run: Run, archive: Path) -> Report | None:
    """Let the experiment analyse its run's data, and note which run that is; None without an analysis."""
    data = Data(archive)
    with errors_only():
        report: Report | None = run.app.experiment_class().analyze(data)
    if report is not None and not report.about:
        report.about = about(data)
    return report
