"""Items that a page defines are shown in the language of its translation; rules and keys stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.study.items import Frame, Item
from chalicelib.study.page_files import page_items
from infra.pages import compile_folder

ENGLISH = """
:::{choice} colour: Which?
help: One only.
options: {r: Red, b: {label: Blue}}
:::

:::{likert} agree: I agree.
steps: 3
labels: [no, perhaps, yes]
:::

:::{number} offer: How much?
unit: points
maximum: 10
:::
"""
GERMAN = """
:::{choice} colour: Welche?
help: Nur eine.
options: {r: Rot, b: {label: Blau}}
:::

:::{likert} agree: Ich stimme zu.
steps: 3
labels: [nein, vielleicht, ja]
:::

:::{number} offer: Wie viel?
unit: Punkte
maximum: 99
:::
"""


@pytest.fixture
def items(tmp_path: Path) -> dict[str, Item]:
    for name, text in {"pages/a.md": ENGLISH, "pages/de/a.md": GERMAN}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    compiled = compile_folder(tmp_path)
    assert compiled.problems == ()
    found, problems = page_items(compiled)
    assert problems == []
    return found


def shown(item: Item, language: str) -> str:
    return str(item.render(Frame(language=language)))


def test_texts_come_from_the_translation(items: dict[str, Item]):
    for name, english, german in [
        ("colour", ["Which?", "One only.", "Red", "Blue"], ["Welche?", "Nur eine.", "Rot", "Blau"]),
        ("agree", ["I agree.", "perhaps"], ["Ich stimme zu.", "vielleicht"]),
        ("offer", ["How much?", "points"], ["Wie viel?", "Punkte"]),
    ]:
        assert all(text in shown(items[name], "en") for text in english)
        assert all(text in shown(items[name], "de-AT") for text in german)
        assert not any(text in shown(items[name], "de") for text in english if text not in german)


def test_rules_and_keys_are_those_of_the_page_itself(items: dict[str, Item]):
    assert items["offer"].public()["maximum"] == "10"
    assert 'value="r"' in shown(items["colour"], "de")
    assert items["colour"].validate("b") == "b"
