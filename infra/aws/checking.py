"""What would keep a deployed app from starting, found out before anything is made."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from chalicelib.bootstrap import local
from chalicelib.experiment.loader import Loaded
from chalicelib.messaging import mail
from chalicelib.model.errors import ConfigError
from chalicelib.operations.settings import Gettable, Settings
from chalicelib.services import use
from chalicelib.storage.sqlite import SQLiteEngine
from infra.aws.names import Names


class _WithoutMail:
    """Settings, as if mail went to the log."""

    def __init__(self, config: Gettable) -> None:
        self._config = config

    def get(self, key: str, default: Any = None, /) -> Any:
        return "log" if key == "mailer" else self._config.get(key, default)


def check_settings(loaded: Loaded, names: Names) -> list[str]:
    """Build the app as its stage would, and return what its operator should know.

    Raises ConfigError for settings with which it couldn't start, such as a recruiter's missing keys.
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
        mail.build(Settings(loaded.config))
    except ConfigError as error:
        return [f"note: no mail will be sent. {error}"]
    return []
