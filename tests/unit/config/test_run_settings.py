"""A run's settings as typed attributes; each default is written once, in the table of known settings."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import get_type_hints

import pytest

from chalicelib.errors import ConfigError
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS, UNSET, Setting
from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.shared.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
KNOWN = {setting.name: setting for setting in KNOWN_SETTINGS}
TYPED = [KNOWN[field.name] for field in fields(RunSettings)]
#: What money is written in lies below the settings, so that records can use it; it falls back to dollars.
BELOW_THE_SETTINGS = Path("chalicelib/currency.py")
EMPTY = ("", 0, None)


@pytest.mark.parametrize("setting", TYPED, ids=lambda setting: setting.name)
def test_a_setting_without_a_value_has_the_default_of_the_table(setting: Setting):
    value = getattr(RunSettings.read({}), setting.name)
    assert value == (None if setting.default is UNSET else setting.default)


@pytest.mark.parametrize("setting", TYPED, ids=lambda setting: setting.name)
def test_an_attribute_has_the_type_of_its_setting(setting: Setting):
    expected = setting.type if setting.default is not UNSET else setting.type | None
    assert get_type_hints(RunSettings)[setting.name] == expected


@pytest.mark.parametrize("setting", TYPED, ids=lambda setting: setting.name)
def test_no_secret_is_among_the_typed_settings(setting: Setting):
    assert not setting.sensitive


def test_values_come_from_the_validated_layers(tmp_path: Path):
    (tmp_path / "config.txt").write_text("[Experiment]\nduration = 0.5\ntitle =\n", encoding="utf-8")
    config = Configuration()
    config.load_for(tmp_path, {"max_bonus": 2}, environ={}, home=tmp_path)
    settings = RunSettings.read(config)
    assert (settings.duration, settings.max_bonus, settings.mode) == (0.5, 2.0, "debug")
    assert settings.title == "Experiment"


@pytest.fixture
def loaded(tmp_path: Path) -> Configuration:
    """A configuration that has built its typed settings."""
    config = Configuration()
    config.load_for(tmp_path, environ={}, home=tmp_path)
    assert RunSettings.read(config).duration == 1.0
    return config


def reload(config: Configuration, folder: Path) -> None:
    config.load_for(folder, {"duration": 7}, environ={}, home=folder)


def register_and_set(config: Configuration, folder: Path) -> None:
    del folder
    config.register("my_setting", str)
    config.set("my_setting", "x")
    config.extend({"duration": 7})


def read_lazily(config: Configuration, folder: Path) -> None:
    del folder
    config.extend_lazily(lambda name: name == "dashboard_password", lambda: {"duration": 7})
    config.get("dashboard_password", None)


CHANGES: dict[str, Callable[[Configuration, Path], None]] = {
    "set": lambda config, _: config.set("duration", 7),
    "extend": register_and_set,
    "loaded again": reload,
    "secrets read": read_lazily,
}


@pytest.mark.parametrize("change", CHANGES)
def test_typed_settings_are_built_again_after_a_change(loaded: Configuration, tmp_path: Path, change: str):
    through = Settings(loaded)
    CHANGES[change](loaded, tmp_path)
    assert (RunSettings.read(loaded).duration, RunSettings.read(through).duration) == (7.0, 7.0)


def test_a_change_that_is_refused_leaves_the_typed_settings(loaded: Configuration):
    with pytest.raises(ConfigError):
        loaded.extend({"duration": 7, "base_payment": "much"})
    assert RunSettings.read(loaded).duration == 1.0


def test_a_configuration_that_is_reset_has_no_typed_settings(loaded: Configuration):
    loaded.reset()
    with pytest.raises(ConfigError, match="aren't loaded yet"):
        RunSettings.read(loaded)


def test_typed_settings_are_built_once_for_a_configuration(loaded: Configuration):
    assert RunSettings.read(loaded) is RunSettings.read(Settings(loaded))


def test_a_plain_dictionary_is_read_each_time():
    settings = {"duration": 2.0}
    before = RunSettings.read(Settings(settings)).duration
    settings["duration"] = 3.0
    assert (before, RunSettings.read(Settings(settings)).duration) == (2.0, 3.0)


def test_empty_keywords_are_kept():
    assert RunSettings.read({"keywords": ""}).keywords == ""


def test_typed_settings_cannot_be_changed():
    settings = RunSettings.read({})
    with pytest.raises(FrozenInstanceError):
        settings.duration = 2.0  # type: ignore[misc]


# -- one place for each default ---------------------------------------------------------------------


def second_defaults(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield second defaults of known settings, as in `get("mode", "debug")` or `get("mode") or "debug"`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.args) == 2 and _reads_a_setting_with_a_default(node):
            yield node.args[1]
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            for left, right in zip(node.values, node.values[1:], strict=False):
                if _reads_a_setting_with_a_default(left):
                    yield right


def _reads_a_setting_with_a_default(node: ast.expr) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"):
        return False
    first = node.args[0] if node.args else None
    setting = KNOWN.get(str(first.value)) if isinstance(first, ast.Constant) else None
    return setting is not None and setting.default is not UNSET and "environ" not in ast.dump(node.func)


def test_no_default_of_a_setting_is_written_a_second_time():
    found = []
    for folder in ("chalicelib", "infra"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT)
            for node in second_defaults(ast.parse(path.read_text(encoding="utf-8"))):
                is_empty = isinstance(node, ast.Constant) and node.value in EMPTY
                if name != BELOW_THE_SETTINGS and not is_empty:
                    found.append(f"{name}:{node.lineno} {ast.unparse(node)}")
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        'config.get("mode", "debug")',
        'str(config.get("duration") or 1.0)',
        'config.get("title", None) or NAME',
    ],
)
def test_a_second_default_is_found(code: str):
    assert len([n for n in second_defaults(ast.parse(code)) if ast.unparse(n) != "None"]) == 1
