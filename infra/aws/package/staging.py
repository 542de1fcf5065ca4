"""An experiment's folder becomes a build folder, in which plain `chalice deploy --stage sandbox` works.

    <out>/app/            what Chalice packs, and nothing else
        app.py, chalicelib/           Petri's own, as installed here
        vendor/petri/                 the name that experiments import
        vendor/petri_experiment/      the experiment: code, what it reads, config.txt without secrets
        vendor/<package>/             packages that only the author can get
        requirements.txt, constraints.txt, .chalice/
    <out>/site/           the pages, rendered, for the bucket

The same folder gives the same bytes, so that hashes of it mean something.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import chalicelib
import petri
from chalicelib.experiment.config.setting_origin import ORIGINS
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment, load_experiment
from chalicelib.operations.shared.settings import Settings
from chalicelib.version import MARK
from infra.aws.account.names import Names
from infra.packaging.compiled_pages import PAGES_FILE, compiled_pages
from infra.packaging.dependency_resolution import for_lambda
from infra.packaging.pins import closure, only_in_lambda, petris_own, pins
from infra.packaging.provenance import describe, differences, version_of
from infra.packaging.requirements import CONSTRAINTS, REQUIREMENTS, Requirements, names_of, wanted_by
from infra.packaging.secret_scan import check_for_secrets, secrets_of
from infra.packaging.settings_file import staged_origins, staged_settings, write_settings
from infra.packaging.staged_files import copy_into, files_below, is_for_code, lambda_files, patterns_of
from infra.packaging.wheels import Vendored, vendor
from infra.problems import OperatorProblem
from infra.site import SiteSource, build, dashboard_files
from infra.verify.sharing import sharing

from .chalice_config import write_chalice
from .fingerprints import fingerprint

EXPERIMENT = "petri_experiment"
_APP = Path(__file__).parents[3] / "app.py"
#: 2 January 1980, in seconds: zip files know no earlier day, wherever on earth they are made.
MOMENT = 315_619_200
#: Secrets that only this machine uses.
_OF_THE_OPERATOR = {"osf_access_token"}
#: What Chalice itself keeps in its folder: which resources it made, and packages for unchanged contents.
_CHALICES_OWN = ("deployed", "deployments")


@dataclass(frozen=True)
class StagedApp:
    """A build folder that lies ready."""

    #: the folder for Chalice
    folder: Path
    #: the built pages
    site: Path
    names: Names
    #: the settings that are deployed, none of them secret
    settings: Mapping[str, Any]
    #: the secret settings that have a value, for the app's parameter in SSM
    secrets: Mapping[str, Any] = field(repr=False)
    #: packages of the author's own that were built here: name and version
    private: Mapping[str, str]
    #: the experiment as it was loaded for staging
    loaded: LoadedExperiment = field(repr=False)
    #: what the operator should know
    notes: tuple[str, ...] = ()

    @property
    def experiment(self) -> Path:
        """The author's code, as it is deployed."""
        return self.folder / "vendor" / EXPERIMENT


def stage(
    folder: Path,
    names: Names,
    out: Path,
    *,
    account: str | None = None,
    region: str | None = None,
    settings: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
    mapping_confirmed: bool = False,
) -> StagedApp:
    """Stage the experiment in `folder` below `out`, which keeps what Chalice noted there before.

    `account`, `region`: what policies are limited to; `settings`: those of this deployment, which count most;
    `environ`, `home`: where settings are looked for, by default the process's own; `mapping_confirmed`: queue
    messages are known to be reported one by one. A folder that was unpacked from an archive gets the packages
    of then.

    Raises ExperimentError and ConfigError for what is wrong with the folder, OperatorProblem for what can't
    be deployed: packages that don't run inside Lambda, secrets in files, addresses with passwords.
    """
    folder, out = folder.resolve(), out.resolve()
    app, site = out / "app", out / "site"
    _check_place(folder, out, app)
    with contextlib.chdir(folder):
        loaded = load_experiment(
            folder,
            runtime={**(settings or {}), "mode": names.stage},
            environ=environ,
            home=home,
            core_routes=_addresses(),
        )
    for finding in sharing(loaded.config):
        raise OperatorProblem(f"{finding.what} {finding.fix}")
    staged = staged_settings(loaded.config)
    secrets = _secrets(loaded)
    origins = staged_origins(loaded.config, {*staged, *secrets, "mode"})
    with _kept(app / ".chalice"):
        shutil.rmtree(app, ignore_errors=True)
        _copy_petri(app)
        _copy_experiment(loaded, app / "vendor" / EXPERIMENT, staged, origins)
        wanted = wanted_by(folder)
        before = version_of(folder) or {}
        private = _requirements(wanted, app, before.get("dependencies"))
        write_chalice(
            app,
            names,
            Settings(loaded.config),
            account or "*",
            region or "*",
            mapping_confirmed=mapping_confirmed,
        )
        build(_pages(loaded, names), site)
        fingerprint(site)
        dashboard_files.copy_files(site)
        check_for_secrets(secrets_of(loaded.config, environ), app, site)
        _set_moment(app, site)
    notes = (*wanted.notes, *(differences(before) if before else ()))
    return StagedApp(app, site, names, staged, secrets, private.versions, loaded, notes)


def _secrets(loaded: LoadedExperiment) -> dict[str, Any]:
    """Return the secret settings that the app needs."""
    given = loaded.config.given(sensitive=True)
    return {name: value for name, value in given.items() if name not in _OF_THE_OPERATOR}


def _check_place(folder: Path, out: Path, app: Path) -> None:
    if folder.is_relative_to(out) or out == folder:
        raise OperatorProblem(f"{out} holds the experiment itself; stage into a folder of its own.")
    if app.exists() and not (app / ".chalice" / "config.json").is_file():
        raise OperatorProblem(f"{app} is there and wasn't made by Petri; stage into another folder.")


def _addresses() -> list[str]:
    # Lazy import: it imports every handler.
    from infra.local.lifecycle.run import core_routes

    return core_routes()


@contextlib.contextmanager
def _kept(chalice: Path) -> Iterator[None]:
    """Restore Chalice's record after recreating the folder."""
    aside = chalice.parent.with_name(".chalice-kept")
    for name in _CHALICES_OWN:
        if (chalice / name).is_dir():
            aside.mkdir(parents=True, exist_ok=True)
            (chalice / name).replace(aside / name)
    try:
        yield
    finally:
        for name in _CHALICES_OWN:
            if (aside / name).is_dir():
                chalice.mkdir(parents=True, exist_ok=True)
                (aside / name).replace(chalice / name)
        if aside.is_dir():
            aside.rmdir()


def _copy_petri(app: Path) -> None:
    app.mkdir(parents=True)
    shutil.copyfile(_APP, app / "app.py")
    for package, place in ((chalicelib, app / "chalicelib"), (petri, app / "vendor" / "petri")):
        source = Path(str(package.__file__)).parent
        files = [path for path in sorted(source.rglob("*")) if path.is_file() and _is_source(path)]
        copy_into([(path, path.relative_to(source).as_posix()) for path in files], place)


def _is_source(path: Path) -> bool:
    return "__pycache__" not in path.parts and path.suffix != ".pyc" and not path.name.startswith(".")


def _copy_experiment(
    loaded: LoadedExperiment, place: Path, settings: Mapping[str, Any], origins: Mapping[str, Any]
) -> None:
    patterns = patterns_of(str(loaded.config.get("lambda_files")))
    own = [
        (path, path.relative_to(loaded.folder).as_posix()) for path in lambda_files(loaded.folder, patterns)
    ]
    others = [
        found
        for source, destination in loaded.extra_files
        for found in files_below(source, destination)
        if is_for_code(found[1], patterns)
    ]
    copy_into([*own, *others], place)
    pages = compiled_pages(loaded)
    if pages is not None:
        (place / PAGES_FILE).write_text(pages, encoding="utf-8")
    write_settings(settings, place)
    description = describe(loaded, dependencies={})
    marker = {name: description[name] for name in ("name", "petri", "code", "experiment")}
    marker[ORIGINS] = origins
    (place / MARK).write_text(json.dumps(marker) + "\n", encoding="utf-8")


def _requirements(wanted: Requirements, app: Path, versions: Mapping[str, str] | None) -> Vendored:
    own = petris_own()
    private = vendor(wanted.private, app / "vendor", {*names_of(own), *closure(own)})
    public = [line for line in dict.fromkeys([*wanted.public, *private.public]) if line not in own]
    public += [line for line in only_in_lambda([*own, *public]) if line not in public]
    constraints = pins([*own, *public], wanted.constraints, versions)
    if versions is None and public:
        constraints = for_lambda(constraints, wanted, own, public)
    text = "".join(f"{line}\n" for line in constraints)
    (app / CONSTRAINTS).write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    # Chalice looks at this file alone to see whether packages must be fetched again: so it names the other.
    lines = [f"# {CONSTRAINTS}: sha256 {digest}", f"-c {CONSTRAINTS}", *wanted.options, *own, *public]
    (app / REQUIREMENTS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return private


def _pages(loaded: LoadedExperiment, names: Names) -> SiteSource:
    return SiteSource.of(loaded, mode=names.stage, app_id=names.app)


def _set_moment(*folders: Path) -> None:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                path.chmod(0o644)
                os.utime(path, (MOMENT, MOMENT))
