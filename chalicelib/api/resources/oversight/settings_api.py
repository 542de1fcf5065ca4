"""/api/v1/settings: the settings that are in effect, and what the run is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from chalicelib.access.rights import Right
from chalicelib.api.api_operation import AnyOperation, ApiOperation, Shape
from chalicelib.api.common_parameters import NoParameters, One
from chalicelib.operations.management.oversight.facts_of_run import RunVersions, versions_of_run
from chalicelib.operations.management.oversight.settings_of_run import (
    DocumentedSetting,
    SettingsInEffect,
    documented_setting,
    settings_in_effect,
)

RESOURCE: Final = "settings"


@dataclass(frozen=True, slots=True)
class SettingsFilter:
    """Which settings to return."""

    text: str = field(default="", metadata={"max": 100, "help": "A part of the name or the description."})
    group: str = field(default="", metadata={"max": 100, "help": "A group of settings, such as `Mail`."})
    only_set: bool = field(default=False, metadata={"help": "Leave out settings that have their default."})


OPERATIONS: Final[tuple[AnyOperation, ...]] = (
    ApiOperation(
        name="settings.list",
        method="GET",
        resource=RESOURCE,
        shape=Shape.LIST,
        right=Right.VIEW,
        parameters=SettingsFilter,
        answer=SettingsInEffect,
        run=lambda ctx, asked: settings_in_effect(ctx, asked.text, asked.group, only_set=asked.only_set),
        summary="Returns the settings with the source of each; of secret ones only whether they are set.",
    ),
    ApiOperation(
        name="settings.versions",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        verb="versions",
        right=Right.VIEW,
        parameters=NoParameters,
        answer=RunVersions,
        run=lambda ctx, _: versions_of_run(ctx),
        summary="Returns the versions, hashes and addresses of the run, and who deployed it when.",
    ),
    ApiOperation(
        name="settings.read",
        method="GET",
        resource=RESOURCE,
        shape=Shape.ITEM,
        right=Right.VIEW,
        parameters=One,
        answer=DocumentedSetting,
        run=lambda ctx, one: documented_setting(ctx, one.id),
        summary="Returns what a setting means and how it is set, by its name; not its value.",
    ),
)
