from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.experiment.config.configuration import Configuration
from chalicelib.experiment.config.problems import SettingsError
from chalicelib.experiment.config.settings_files import SettingLine, read_settings

one_line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs"]), min_size=1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one_line)
def test_text_is_read_back_as_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.txt").write_text(f"[A]\ntitle = {text}\n", encoding="utf-8")
    assert read_settings(tmp_path / "config.txt") == ([SettingLine("title", text, 2)], [])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_stands_in_the_file_is_loaded_or_refused_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.txt").write_text(text, encoding="utf-8", newline="")
    try:
        Configuration().load_for(tmp_path, environ={}, home=tmp_path / "nobody")
    except SettingsError as error:
        assert all(problem.where.endswith("config.txt") and problem.fix for problem in error.problems)  # noqa: PT017


def test_each_setting_knows_its_line(tmp_path: Path) -> None:
    text = "# hello\n[One]\na = 1\n\n[Two]\n; note\nb: 2\nlong = first\n  second\nc = 3\n"
    (tmp_path / "config.txt").write_text(text)
    entries, _ = read_settings(tmp_path / "config.txt")
    assert [(entry.key, entry.line) for entry in entries] == [("a", 3), ("b", 7), ("long", 8), ("c", 10)]


def test_a_value_may_continue_on_indented_lines(tmp_path: Path) -> None:
    (tmp_path / "config.txt").write_text("[A]\ndescription = first\n  second\n")
    entries, _ = read_settings(tmp_path / "config.txt")
    assert entries[0].text == "first\nsecond"


def test_a_percent_sign_has_no_special_meaning(load) -> None:
    assert load("title = 100% %(chance)s").get("title") == "100% %(chance)s"


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "config.txt").write_bytes(b"\xef\xbb\xbf[A]\r\ntitle = x\r\n")
    assert read_settings(tmp_path / "config.txt") == ([SettingLine("title", "x", 2)], [])


def test_capitals_in_a_name_do_not_matter(load) -> None:
    assert load("Title = Hello").get("title") == "Hello"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("title = x\n[A]\n", 1, "above the first section"),
        ("[A]\ntitle = x\n\ntitle = y\n", 4, "more than once (lines 2 and 4)"),
        ("[A]\ntitle = x\n[B]\ntitle = y\n", 4, "more than once (lines 2 and 4)"),
        ("[A]\ntitle = x\nTitle = y\n", 3, "set twice"),
        ("[A]\n\nwhat is this\n", 3, "this line is not a setting"),
        ("[A]\ngood = 1\n[B\n", 3, "this line is not a setting"),
    ],
)
def test_an_invalid_file_is_refused_with_the_line(
    config: Configuration, tmp_path: Path, text: str, line: int, words: str
) -> None:
    config.register("good", int)
    (tmp_path / "config.txt").write_text(text)
    with pytest.raises(SettingsError) as refusal:
        config.load_for(tmp_path, environ={}, home=tmp_path)
    assert [(problem.line, words in problem.what) for problem in refusal.value.problems] == [(line, True)]


def test_a_file_that_is_not_text_is_refused(tmp_path: Path, config: Configuration) -> None:
    (tmp_path / "config.txt").write_bytes(b"[A]\ntitle = \xff\xfe\n")
    with pytest.raises(SettingsError, match=r"config\.txt, line 2: this file isn't UTF-8 text"):
        config.load_for(tmp_path, environ={}, home=tmp_path)


def test_a_value_can_stand_in_a_file_of_its_own(load, folder: Path) -> None:
    (folder / "advert.txt").write_text("Take part!\n")
    assert load("description = file:advert.txt").get("description") == "Take part!"


def test_the_contents_of_such_a_file_are_typed(load, folder: Path) -> None:
    (folder / "pay.txt").write_text("1.25\n")
    assert load("base_payment = file:pay.txt").get("base_payment") == 1.25


def test_such_a_file_is_looked_for_beside_the_file_that_names_it(load, home: Path) -> None:
    (home / "password.txt").write_text("letmein\n")
    (home / ".petriconfig").write_text("[Mail]\nsmtp_password = file:password.txt\n")
    assert load().get("smtp_password") == "letmein"


def test_the_environment_may_name_such_a_file_too(load, folder: Path) -> None:
    (folder / "advert.txt").write_text("Take part!")
    assert load(environ={"description": "file:advert.txt"}).get("description") == "Take part!"


def test_a_file_that_is_named_and_missing_is_refused(load) -> None:
    with pytest.raises(SettingsError, match="line 2: description names a file that can't be read"):
        load("description = file:nowhere.txt")


@pytest.mark.parametrize("line", ["title = Rumours  # working title", "title = Rumours ; ask Ann"])
def test_a_comment_behind_a_text_causes_a_warning(load, line: str) -> None:
    notes = [str(note) for note in load(line).notes]
    assert any("config.txt, line 2: the text from" in note for note in notes)
    assert any("of title, and participants can read it" in note for note in notes)


@pytest.mark.parametrize("line", ["title = Rumours #1", "title = C#", "keywords = a;b", "title = Rumours"])
def test_other_characters_are_accepted_or_only_warned_about(load, line: str) -> None:
    config = load(line)
    name, _, value = line.partition(" = ")
    assert config.get(name) == value
