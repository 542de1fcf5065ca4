"""Exports the errors that Petri raises: `from petri.errors import RuleBroken`.

`PetriError` is the base class of all of them. `code` is a stable identifier for programs, and `str(error)` is
a sentence for people that says what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chalicelib.errors import (
    BadRequest,
    Busy,
    CommitTooLarge,
    ConfigError,
    Conflict,
    ExperimentError,
    Forbidden,
    HookExit,
    NetworkBusy,
    NoNetwork,
    NotFound,
    NotSettled,
    PetriError,
    Refused,
    RuleBroken,
    StudyFull,
    TooLarge,
    TooManyTries,
    Unauthorized,
    Unprocessable,
    Unsent,
    UnsupportedMedia,
    VendorError,
    VendorRefused,
    VendorUnreachable,
)
from chalicelib.experiment.config.problems import MissingSettingError, SettingsError
from chalicelib.experiment.text_files import NotUTF8Error
from petri._public import present_as

if TYPE_CHECKING:
    from chalicelib.experiment.bots.api_client import BotError

__all__ = [
    "BadRequest",
    "BotError",
    "Busy",
    "CommitTooLarge",
    "ConfigError",
    "Conflict",
    "ExperimentError",
    "Forbidden",
    "HookExit",
    "MissingSettingError",
    "NetworkBusy",
    "NoNetwork",
    "NotFound",
    "NotSettled",
    "NotUTF8Error",
    "PetriError",
    "Refused",
    "RuleBroken",
    "SettingsError",
    "StudyFull",
    "TooLarge",
    "TooManyTries",
    "Unauthorized",
    "Unprocessable",
    "Unsent",
    "UnsupportedMedia",
    "VendorError",
    "VendorRefused",
    "VendorUnreachable",
]

present_as(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    # Lazy import: bots need an HTTP client, which Lambda functions don't use.
    if name == "BotError":
        from chalicelib.experiment.bots import api_client

        present_as(__name__, vars(api_client), [name])
        return api_client.BotError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
