"""The settings that are in effect, each with its source; of secret settings only whether they are set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from chalicelib.access.rights import Right
from chalicelib.errors import NotFound
from chalicelib.experiment.config.setting import UNSET
from chalicelib.experiment.config.setting_origin import SettingLayer, SettingOrigin, SettingState
from chalicelib.operations.shared.access import require_actor
from chalicelib.operations.shared.context import Context

_PLACES: Final = {
    SettingLayer.RUN: "the command that started the run",
    SettingLayer.ENVIRONMENT: "an environment variable",
    SettingLayer.CODE: "config_defaults() in experiment.py",
    SettingLayer.DEFAULT: "the default",
}
#: What an example of a setting without a default has as its value.
_EXAMPLES: Final[Mapping[type, str]] = MappingProxyType({str: "...", int: "1", float: "1.0", bool: "true"})
_DEPLOYED_PLACES: Final = {
    SettingLayer.RUN: "petri deploy",
    SettingLayer.ENVIRONMENT: "an environment variable, when it was deployed",
}


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting that isn't secret."""

    name: str
    group: str
    meaning: str
    value: str | None = field(metadata={"help": "Null for a setting without a value, or a hidden one."})
    is_hidden: bool = field(
        metadata={"help": "Whether the value identifies people, and you lack the right View personal data."}
    )
    is_set: bool = field(metadata={"help": "Whether it has a value of its own, other than the default."})
    layer: SettingLayer
    source: str = field(metadata={"help": "Where the value comes from, such as `config.txt, line 3`."})


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret setting, whose value leaves the app in no way."""

    name: str
    group: str
    meaning: str
    is_set: bool
    layer: SettingLayer
    source: str = field(metadata={"help": "Where the value comes from, such as `~/.petriconfig, line 2`."})


@dataclass(frozen=True, slots=True)
class DocumentedSetting:
    """One setting with its documentation."""

    name: str
    group: str = field(metadata={"help": "The section of the documentation, Configuration, that lists it."})
    meaning: str
    type: str = field(metadata={"help": "`str`, `int`, `float` or `bool`."})
    default: str | None = field(metadata={"help": "Null for a setting without a default."})
    synonyms: list[str] = field(metadata={"help": "Other names under which it can be set."})
    example: str = field(metadata={"help": "A line of `config.txt` that sets it."})
    is_secret: bool = field(metadata={"help": "Whether its value is never shown, logged or exported."})
    is_personal: bool = field(metadata={"help": "Whether it identifies people, so scrubbed exports lack it."})
    is_public: bool = field(metadata={"help": "Whether pages and templates can use it."})
    is_set: bool
    layer: SettingLayer
    source: str


@dataclass(frozen=True, slots=True)
class SettingsInEffect:
    """The settings that match, in the order of the documentation."""

    settings: list[SettingRow]
    secrets: list[SecretRow]
    groups: list[str] = field(metadata={"help": "All groups of settings, in order."})


def settings_in_effect(
    ctx: Context, text: str = "", group: str = "", *, only_set: bool = False
) -> SettingsInEffect:
    """Return the settings whose name or description contains a text, of one group or of all.

    `only_set`: without those that have their default.
    """
    states = ctx.config.states()
    found = [state for state in states if _matches(state, text.casefold(), group)]
    if only_set:
        found = [state for state in found if state.is_set]
    sees_personal_data = require_actor(ctx).may(Right.VIEW_PERSONAL_DATA)
    return SettingsInEffect(
        [
            _row(state, is_hidden=state.setting.personal and state.is_set and not sees_personal_data)
            for state in found
            if not state.setting.sensitive
        ],
        [_secret(state) for state in found if state.setting.sensitive],
        _groups(states),
    )


def documented_setting(ctx: Context, name: str) -> DocumentedSetting:
    """Return a setting with its documentation, by its name or a synonym; NotFound for an unknown one."""
    state = next((one for one in ctx.config.states() if name in _names(one)), None)
    if state is None:
        raise NotFound(f"There is no setting {name[:60]!r}.", code="setting_not_found")
    setting = state.setting
    default = None if setting.default is UNSET or setting.sensitive else _text(setting.default)
    return DocumentedSetting(
        name=setting.name,
        group=setting.group,
        meaning=setting.meaning,
        type=setting.type.__name__,
        default=default,
        synonyms=list(setting.synonyms),
        example=f"{setting.name} = {default or _EXAMPLES[setting.type]}",
        is_secret=setting.sensitive,
        is_personal=setting.personal,
        is_public=setting.public,
        is_set=state.is_set,
        layer=state.origin.layer,
        source=place_of(state.origin) if state.is_set or default is not None else "",
    )


def _names(state: SettingState) -> tuple[str, ...]:
    return (state.setting.name, *state.setting.synonyms)


def _matches(state: SettingState, text: str, group: str) -> bool:
    setting = state.setting
    in_text = text in setting.name.casefold() or text in setting.meaning.casefold()
    return in_text and group in ("", setting.group)


def _groups(states: Iterable[SettingState]) -> list[str]:
    return list(dict.fromkeys(state.setting.group for state in states))


def _row(state: SettingState, *, is_hidden: bool) -> SettingRow:
    setting = state.setting
    return SettingRow(
        name=setting.name,
        group=setting.group,
        meaning=setting.meaning,
        value=None if is_hidden else _text(state.value),
        is_hidden=is_hidden,
        is_set=state.is_set,
        layer=state.origin.layer,
        source=place_of(state.origin),
    )


def _secret(state: SettingState) -> SecretRow:
    setting = state.setting
    return SecretRow(
        setting.name,
        setting.group,
        setting.meaning,
        state.is_set,
        state.origin.layer,
        place_of(state.origin) if state.is_set else "",
    )


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def place_of(origin: SettingOrigin) -> str:
    """Return where a value comes from, for people."""
    if origin.file:
        return origin.file if origin.line is None else f"{origin.file}, line {origin.line}"
    if origin.is_deployed and origin.layer in _DEPLOYED_PLACES:
        return _DEPLOYED_PLACES[origin.layer]
    return _PLACES.get(origin.layer, origin.layer.value)
