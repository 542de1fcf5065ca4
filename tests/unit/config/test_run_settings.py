"""A run's settings as typed attributes; each default is written once, in the table of known settings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import get_type_hints

import pytest

from chalicelib.experiment.config.configuration import Configuration
from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS, UNSET, Setting
from chalicelib.experiment.config.run_settings import RunSettings

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
