"""`petri verify`: says everything that is wrong with an author's folder, each with its mend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.verify.code import CodeCheck
from infra.verify.files import forbidden, required, too_large
from infra.verify.findings import Finding, error
from infra.verify.folder import shipped_files
from infra.verify.pages import pages
from infra.verify.tokens import without_token

__all__ = ["Finding", "shipped_files", "verify"]


def verify(
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    core_routes: Iterable[str] = (),
) -> list[Finding]:
    """Check an experiment's folder and return all that is wrong with it, errors first.

    `environ` and `home`: where settings are looked for, by default the process's own; `core_routes`: the
    addresses that Petri answers. The experiment's code is imported; nothing in the folder is changed.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        return [error(str(folder), "is no folder.", "Give the folder that holds experiment.py.")]
    files = shipped_files(folder)
    code = CodeCheck(folder, environ, home)
    loaded = code.run(core_routes) if (folder / "experiment.py").is_file() else None
    extra = [path for source, _ in (loaded.extra_files if loaded else ()) for path in _files_at(source)]
    findings = [
        *required(folder),
        *forbidden(folder, files),
        *too_large(folder, [*files, *extra]),
        *code.findings,
        *pages(folder, loaded),
        *without_token(folder, files),
    ]
    return sorted(findings, key=lambda finding: finding.level != "error")


def _files_at(source: Path) -> list[Path]:
    return [source] if source.is_file() else shipped_files(source)
