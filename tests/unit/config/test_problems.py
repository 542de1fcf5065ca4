from __future__ import annotations

import logging
from pathlib import Path

import pytest

from chalicelib.errors import ConfigError
from chalicelib.experiment.config.problems import SettingsError


def problems_of(load, text: str = "", **sources) -> list[str]:
    with pytest.raises(SettingsError) as refusal:
        load(text, **sources)
    return [str(problem) for problem in refusal.value.problems]


def test_an_unknown_setting_is_refused_with_file_and_line_and_the_nearest_known_one(
    load, folder: Path
) -> None:
    (problem,) = problems_of(load, "base_paymnt = 1.0")
    assert problem == (
        f"{folder / 'config.txt'}, line 2: 'base_paymnt' is not a setting of Petri or of this experiment. "
        "Did you mean 'base_payment'? Register settings of your own in extra_parameters()."
    )


def test_an_ill_typed_setting_is_refused_with_file_and_line(load, folder: Path) -> None:
    (problem,) = problems_of(load, "title = x\nlifetime = a day")
    assert problem == f"{folder / 'config.txt'}, line 3: lifetime must be a whole number such as 12."


def test_all_problems_of_all_sources_are_reported_together(load, home: Path) -> None:
    (home / ".petriconfig").write_text("[A]\nport = many\n")
    told = problems_of(
        load,
        "lifetime = x\nnonsense = 1\nmode = dead",
        environ={"duration": "short"},
        runtime={"base_payment": -1},
        defaults={"auto_recruit": "perhaps"},
    )
    assert len(told) == 7


def test_a_refused_load_leaves_the_settings_as_they_were(config, load) -> None:
    load("title = before")
    problems_of(load, "title = after\nlifetime = x")
    assert config.get("title") == "before"


@pytest.mark.parametrize(
    "line",
    [
        "base_payment = -1",
        "base_payment = 0.123",
        "mode = real",
        "loglevel = 7",
        "duration = 0",
        "approve_requirement = 101",
        "recruiters = mturk five",
        "contact_email_on_error = nobody",
        "protected_routes = /info",
        "port = 70000",
        "aws_region = virginia",
        "language = the queen's",
        "auto_recruit =",
    ],
)
def test_a_value_against_the_rules_of_its_setting_is_refused(load, line: str) -> None:
    assert len(problems_of(load, line)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "base_payment = 0",
        "recruiters = mturk: 5, bots: 5",
        "contact_email_on_error =",
        "language = pt-BR",
        "smtp_host = mail.example.org",
        "browser_exclude_rule = MSIE, mobile, tablet",
    ],
)
def test_a_value_that_obeys_them_is_taken(load, line: str) -> None:
    assert load(line).ready


def test_a_setting_without_meaning_is_accepted(load) -> None:
    assert load("dyno_type = free").ready


def test_all_settings_without_meaning_share_one_warning(load, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        load("dyno_type = free\nnum_dynos_web = 1\nheroku_anything = 2\nclock_on = false")
    assert [record.getMessage().partition("platform: ")[2] for record in caplog.records] == [
        "clock_on, dyno_type, heroku_anything, num_dynos_web. They are ignored and can be removed."
    ]


def test_settings_of_another_programs_file_are_reported_but_accepted(load, home: Path) -> None:
    (home / ".dallingerconfig").write_text("[A]\nsomething_newer = 1\ntitle = kept\n")
    config = load()
    assert [note.key for note in config.notes] == ["something_newer"]


def test_tokens_can_be_off_in_debug_mode(load) -> None:
    assert load("require_participant_token = off").get("require_participant_token") is False


def test_tokens_can_not_be_off_when_people_take_part(load) -> None:
    (problem,) = problems_of(load, "require_participant_token = off\nmode = live")
    assert "allowed in debug mode only" in problem


def test_several_recruiters_are_named(load) -> None:
    (problem,) = problems_of(load, "recruiter = multi")
    assert "recruiters doesn't say which ones" in problem


def test_several_recruiters_may_be_named_in_another_source(load) -> None:
    assert load("recruiter = multi", environ={"recruiters": "bots: 1"}).ready


def test_a_setting_is_not_read_before_the_settings_are_loaded(config) -> None:
    with pytest.raises(ConfigError, match=r"read it in your experiment's configure\(\)"):
        config.get("title")


def test_a_setting_without_value_and_default_says_what_to_do(load) -> None:
    with pytest.raises(ConfigError, match=r"'num_participants' is not set; set it in config\.txt"):
        load().get("num_participants")


def test_code_that_catches_key_errors_still_does(load) -> None:
    with pytest.raises(KeyError):
        load()["num_participants"]


def test_an_unregistered_setting_has_the_default_that_is_passed(load) -> None:
    assert load().get("payment_per_hour", 5.0) == 5.0


def test_reading_an_unregistered_setting_without_a_default_is_refused(load) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'num_participants'"):
        load().get("num_participant")


def test_a_refused_set_sets_nothing(load) -> None:
    config = load("title = kept")
    with pytest.raises(SettingsError):
        config.extend({"title": "new", "lifetime": "x"})
    assert config.get("title") == "kept"
