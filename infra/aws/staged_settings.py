"""The settings of a deployed experiment: config.txt without secrets, and Chalice's own config.json."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib.experiment.config import Configuration
from chalicelib.experiment.config_files import contents_of, read_settings
from chalicelib.experiment.config_keys import KEYS
from chalicelib.experiment.loader import CLASS_NAME
from chalicelib.operations.settings import Gettable
from infra.aws.errors import AwsProblem
from infra.aws.names import API, FUNCTIONS, STAGES, Names, Stage
from infra.aws.policies import policy

SETTINGS = "config.txt"
#: Values that a line can't hold lie in files of this folder.
_LONG = ".settings"
#: Where a run takes place is said by the stage; the rest is about the operator's machine.
_NOT_STAGED = {"mode", "logfile", *(key.name for key in KEYS if key.group == "This machine")}
LOG_DAYS = 90
#: Seconds and megabytes. API Gateway waits 29 seconds; a Lambda's processor grows with its memory: a whole
#: one at 1,769 MB. What a function does is bound by the processor: a start takes 0.5 seconds of it for the
#: imports and clients, which are 1.7 seconds at 512 MB and 0.9 at 1,024, and a request takes 5 to 20 ms.
#: Twice the memory for half the time costs the same, and participants wait half as long.
_TIMEOUTS, _TIMEOUT = {API: 29, "on_message": 120, "on_tick": 60}, 29
_MEMORY = 1024


def staged_settings(config: Configuration) -> dict[str, Any]:
    """Return the settings that go along: all that were given, on this machine too, but no secrets."""
    return {name: value for name, value in config.given().items() if name not in _NOT_STAGED}


def write_settings(values: Mapping[str, Any], folder: Path) -> None:
    """Write config.txt so that reading it gives the same values; values of several lines get files."""
    lines = ["[Experiment]"]
    for name, value in sorted(values.items()):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if text != text.strip() or "\n" in text or "\r" in text or text.startswith("file:"):
            place = folder / _LONG / f"{name}.txt"
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="")
            text = f"file:{_LONG}/{name}.txt"
        lines.append(f"{name} = {text}")
    path = folder / SETTINGS
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _check(values, path)


def _check(values: Mapping[str, Any], path: Path) -> None:
    entries, problems = read_settings(path)
    read = {entry.key: contents_of(entry.text, path.parent) for entry in entries}
    for name, value in values.items():
        same = read.get(name, "").lower() == str(value).lower() if isinstance(value, bool) else (
            read.get(name) == str(value).rstrip("\r\n")
        )  # fmt: skip
        if not same or problems:
            raise AwsProblem(f"The setting {name} can't be written into config.txt; use plain text for it.")


def chalice_config(names: Names, *, mapping_confirmed: bool = False) -> dict[str, Any]:
    """Return what .chalice/config.json says: both stages of an app, each function with its own policy."""
    return {
        "version": "2.0",
        "app_name": names.chalice_app,
        "autogen_policy": False,
        "automatic_layer": False,
        "api_gateway_stage": "api",
        # CloudFront stands before it already; otherwise each request would pass AWS's own CloudFront too.
        "api_gateway_endpoint_type": "REGIONAL",
        "log_retention_in_days": LOG_DAYS,
        "lambda_memory_size": _MEMORY,
        "stages": {
            stage: _stage(Names(names.app, stage), confirmed=mapping_confirmed and stage == names.stage)
            for stage in STAGES
        },
    }


def _stage(names: Names, *, confirmed: bool) -> dict[str, Any]:
    return {
        "environment_variables": environment(names, confirmed=confirmed),
        "tags": {"petri-app": names.app, "petri-stage": names.stage},
        "lambda_functions": {
            function: {
                "iam_policy_file": policy_file(function, names.stage),
                "lambda_timeout": _TIMEOUTS.get(function, _TIMEOUT),
            }
            for function in FUNCTIONS
        },
    }


def environment(names: Names, *, confirmed: bool) -> dict[str, str]:
    """Return what the functions find in their environment; no secrets, which they read from SSM."""
    named = {CLASS_NAME: os.environ[CLASS_NAME]} if os.environ.get(CLASS_NAME) else {}
    return {
        "PETRI_APP": names.app,
        "PETRI_STAGE": names.stage,
        "PETRI_TABLE": names.table,
        "PETRI_QUEUE": names.queue,
        "PETRI_REALTIME_QUEUE": names.realtime_queue,
        "PETRI_TOPIC": names.topic,
        **({"PETRI_MAPPING_CONFIRMED": "1"} if confirmed else {}),
        **named,
    }


def policy_file(function: str, stage: Stage) -> str:
    """Return the name of the file with a function's policy."""
    return f"policy-{stage}-{function}.json"


def write_chalice(
    folder: Path, names: Names, settings: Gettable, account: str, region: str, *, mapping_confirmed: bool
) -> None:
    """Write the folder .chalice of a staged app."""
    place = folder / ".chalice"
    place.mkdir(parents=True)
    _write(place / "config.json", chalice_config(names, mapping_confirmed=mapping_confirmed))
    for stage in STAGES:
        for function in FUNCTIONS:
            allowed = policy(
                function, Names(names.app, stage), account=account, region=region, settings=settings
            )
            _write(place / policy_file(function, stage), allowed)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
