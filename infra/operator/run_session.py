"""Opens a run for a command: its own file, or the table of an app deployed from this machine.

Commands use the platform's operations, which record messages in the outbox. If the run is being served, its
server's sweep processes them within seconds; otherwise the command processes them itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from chalicelib.bootstrap import local
from chalicelib.errors import BadRequest, ConfigError, NotFound
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.experiment.experiment import Experiment
from chalicelib.experiment.loader.experiment_folder import load_experiment
from chalicelib.export.jobs.part_writer import PartWriter
from chalicelib.messaging.mail.mailers import build_mailer
from chalicelib.messaging.system_clock import SystemClock
from chalicelib.operations.shared.settings import SettingsLike
from chalicelib.services import use
from chalicelib.storage.files.folder_exports import FolderExports
from chalicelib.storage.files.folder_files import FolderFiles
from chalicelib.storage.files.folder_seals import FolderSeals
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.aws.account.aws_errors import plainly
from infra.aws.account.local_registry import AppEntry, LocalRegistry
from infra.local.lifecycle import origin
from infra.local.lifecycle.run_outcome import facts_of
from infra.local.lifecycle.run_paths import RunPaths
from infra.local.lifecycle.run_session import RunSession

#: The settings of mail, and those that mails name.
_FOR_MAIL: Final = (
    "mode",
    "title",
    "mailer",
    "whimsical",
    "contact_email_on_error",
    "dallinger_email_address",
    "smtp_host",
    "smtp_username",
    "smtp_password",
    "aws_region",
    "aws_access_key_id",
    "aws_secret_access_key",
)


@contextmanager
def opened(
    run_id: str | None,
    paths: RunPaths,
    *,
    with_code: bool = True,
    region: str | None = None,
    sends_mail: bool = False,
) -> Iterator[RunSession]:
    """Open a run, by default the latest, for the with block.

    Without its code, read-only commands work even while the experiment is broken; `sends_mail` then reads the
    settings of mail from its files. A deployed app is opened
    by its id; `region` selects a deployed app instead of a local run. Raises NotFound when there is no such
    run, ExperimentError for problems of its code.
    """
    if region is not None and run_id is None:
        raise BadRequest("No app was selected; pass its id with --app (`petri apps` lists them).")
    entry = _deployed(run_id, paths, region)
    if run_id is not None and (entry is not None or region is not None):
        # Lazy import: the AWS clients take a while to import.
        from infra.aws.deployed import app_registry
        from infra.aws.deployed.run_session import opened as opened_there

        stage, place = (None, region) if entry is None else (entry.stage, entry.region)
        location = app_registry.find(app_registry.AppLocation(run_id, stage, region=place))
        code = Path(entry.folder) if with_code and entry is not None else None
        with plainly(), opened_there(location.account, location.names, folder=code) as session:
            yield session
        return
    found = paths.existing(run_id)
    address = _address(found, paths)
    with contextlib.ExitStack() as stack:
        experiment: type[Experiment] = Experiment
        config: SettingsLike = {}
        folder: Path | None = None
        if with_code:
            made_of = origin.read(found, paths)
            loaded = load_experiment(made_of.folder, runtime={"mode": "debug", **made_of.settings})
            stack.enter_context(contextlib.chdir(loaded.folder))
            experiment, config, folder = loaded.experiment_class, loaded.config, made_of.folder
        elif sends_mail:
            config = mail_settings(origin.noted(found, paths))
        engine = stack.enter_context(contextlib.closing(SQLiteEngine(paths.database(found))))
        base = address or paths.last_address(found) or f"http://127.0.0.1:{RunSettings.read(config).port}"
        files = FolderFiles(paths.uploads(found), SystemClock())
        app = local(experiment, config, app_id=found, engine=engine, base=lambda: base, files=files)
        app.exports = PartWriter(
            engine,
            FolderExports(paths.exports(found), app.clock),
            facts_of(found, paths),
            app.clock,
            uploads=files,
        )
        app.seals = FolderSeals(paths.seals(found))
        stack.callback(use, None)
        yield RunSession(found, app, address, base, folder)


def mail_settings(made_of: origin.Origin | None) -> SettingsLike:
    """Return what a local run's mailer needs, without the experiment's code.

    Nothing, so that no mail is sent, if the run's folder can't be read, or its settings are wrong.
    """
    if made_of is None or not made_of.folder.is_dir():
        return {}
    found = Configuration()
    try:
        found.load_for(made_of.folder, {"mode": "debug", **made_of.settings})
        settings = {name: value for name in _FOR_MAIL if (value := found.get(name, None)) is not None}
        build_mailer(settings)
    except ConfigError:
        return {}
    return settings


def _deployed(run_id: str | None, paths: RunPaths, region: str | None) -> AppEntry | None:
    """Return the registry entry of an app deployed from this machine, unless a run here has this id.

    With a region, runs on this machine are ignored.
    """
    if run_id is None or (region is None and paths.has(run_id)):
        return None
    return LocalRegistry().find(run_id, region=region)


def _address(run_id: str, paths: RunPaths) -> str | None:
    try:
        return paths.address(run_id)
    except NotFound:
        return None
