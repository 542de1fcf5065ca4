"""Writes Chalice's config.json, with the policies and environment of the functions."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from chalicelib.dashboard.rendering import FILES_VARIABLE
from chalicelib.experiment.loader.experiment_folder import CLASS_NAME
from chalicelib.operations.shared.settings import SettingsLike
from infra.aws.account.names import API, FUNCTIONS, STAGES, Names, Stage
from infra.aws.account.policies import policy
from infra.site.dashboard_files import hash_of_files

LOG_DAYS = 90
#: Timeouts in seconds and memory in megabytes. API Gateway waits 29 seconds. CPU grows with memory, up to a
#: whole core at 1,769 MB, and functions are CPU-bound: a cold start needs 0.5 CPU seconds for imports and
#: clients, which takes 1.7 seconds at 512 MB and 0.9 at 1,024, and a request takes 5 to 20 ms. Twice the
#: memory for half the time costs the same, and participants wait half as long.
_TIMEOUTS, _TIMEOUT = {API: 29, "on_message": 120, "on_tick": 60}, 29
_MEMORY = 1024


def chalice_config(names: Names, *, mapping_confirmed: bool = False) -> dict[str, Any]:
    """Return the content of .chalice/config.json: both stages, each function with its own policy."""
    return {
        "version": "2.0",
        "app_name": names.chalice_app,
        "autogen_policy": False,
        "automatic_layer": False,
        "api_gateway_stage": "api",
        # An edge-optimized API would send each request through a second CloudFront.
        "api_gateway_endpoint_type": "REGIONAL",
        "log_retention_in_days": LOG_DAYS,
        "lambda_memory_size": _MEMORY,
        "stages": {
            stage: _stage(
                Names(names.app, stage, names.region), confirmed=mapping_confirmed and stage == names.stage
            )
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
    """Return the functions' environment variables; secrets are in SSM instead."""
    named = {CLASS_NAME: os.environ[CLASS_NAME]} if os.environ.get(CLASS_NAME) else {}
    return {
        "PETRI_APP": names.app,
        "PETRI_STAGE": names.stage,
        "PETRI_TABLE": names.table,
        "PETRI_QUEUE": names.queue,
        "PETRI_REALTIME_QUEUE": names.realtime_queue,
        "PETRI_TOPIC": names.topic,
        "PETRI_FILES_PREFIX": names.global_prefix,
        FILES_VARIABLE: hash_of_files(),
        **({"PETRI_MAPPING_CONFIRMED": "1"} if confirmed else {}),
        **named,
    }


def policy_file(function: str, stage: Stage) -> str:
    """Return the name of the file with a function's policy."""
    return f"policy-{stage}-{function}.json"


def write_chalice(
    folder: Path, names: Names, settings: SettingsLike, account: str, region: str, *, mapping_confirmed: bool
) -> None:
    """Write the folder .chalice of a staged app."""
    place = folder / ".chalice"
    place.mkdir(parents=True)
    _write(place / "config.json", chalice_config(names, mapping_confirmed=mapping_confirmed))
    for stage in STAGES:
        for function in FUNCTIONS:
            allowed = policy(
                function,
                Names(names.app, stage, names.region),
                account=account,
                region=region,
                settings=settings,
            )
            _write(place / policy_file(function, stage), allowed)


def attach_layer(folder: Path, names: Names, arn: str, *, sends_scores: bool = False) -> None:
    """Give the function that serves HTTP a layer, in the configuration of a staged folder.

    `sends_scores`: give it also to the consumer, which sends scores to learning platforms.
    """
    path = folder / ".chalice" / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    for function in (API, "on_message") if sends_scores else (API,):
        config["stages"][names.stage]["lambda_functions"][function]["layers"] = [arn]
    _write(path, config)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
