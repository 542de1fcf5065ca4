"""Checks settings that would keep a deployed app from starting, before anything is created."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from chalicelib.bootstrap import local
from chalicelib.errors import ConfigError
from chalicelib.experiment.loader.experiment_folder import LoadedExperiment
from chalicelib.messaging.mail import mailers
from chalicelib.operations.shared.settings import Settings, SettingsLike
from chalicelib.services import use
from chalicelib.storage.sqlite.sqlite_engine import SQLiteEngine
from infra.aws.account.names import Names


class _WithoutMail:
    """Settings with the mailer set to the log."""

    def __init__(self, config: SettingsLike) -> None:
        self._config = config

    def get(self, key: str, default: Any = None, /) -> Any:
        return "log" if key == "mailer" else self._config.get(key, default)


def check_settings(loaded: LoadedExperiment, names: Names) -> list[str]:
    """Build the app as its stage would, and return notes for the operator.

    Raises ConfigError for settings with which it can't start, such as a recruiter's missing keys.
    """
    with (
        tempfile.TemporaryDirectory(prefix="petri-check-") as place,
        contextlib.closing(SQLiteEngine(Path(place) / "app.sqlite")) as engine,
    ):
        try:
            local(loaded.experiment_class, _WithoutMail(loaded.config), app_id=names.app, engine=engine)
        finally:
            use(None)
    try:
        mailers.build_mailer(Settings(loaded.config))
    except ConfigError as error:
        return [f"note: no mail will be sent. {error}"]
    return []
