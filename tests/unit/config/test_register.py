from __future__ import annotations

from pathlib import Path

import pytest

from chalicelib.errors import ConfigError
from chalicelib.experiment.config.configuration import get_config
from chalicelib.experiment.config.problems import SettingsError


def test_a_registered_setting_is_typed(config, load) -> None:
    config.register("n", int, [], False)  # noqa: FBT003 - as the documentation writes it
    assert load("n = 3").get("n") == 3


def test_a_setting_registered_with_capitals_is_found_in_the_file(config, load) -> None:
    config.register("N", int)
    assert load("N = 3").get("N") == 3


def test_a_synonym_is_another_name_for_the_same_setting(config, load) -> None:
    config.register("generations", int, ["rounds"])
    assert load("rounds = 4").get("generations") == 4


def test_a_setting_can_be_asked_for_by_its_synonym(config, load) -> None:
    config.register("generations", int, ["rounds"])
    assert load("generations = 4").get("rounds") == 4


def test_a_setting_and_its_synonym_in_one_file_contradict_each_other(load) -> None:
    with pytest.raises(SettingsError, match="set twice here, once by a synonym"):
        load("qualification_blacklist = a\nmturk_qualification_blocklist = b")


def test_a_validator_refuses_with_its_own_words(config, load) -> None:
    def even(value: int) -> None:
        if value % 2:
            raise ValueError("must be even, so that everybody has a partner")

    config.register("players", int, validators=[even])
    with pytest.raises(SettingsError, match="players must be even, so that everybody has a partner"):
        load("players = 3")


def test_a_setting_has_the_default_it_is_registered_with(config, load) -> None:
    config.register("players", int, default=3)
    assert load("").get("players") == 3
    assert load("players = 4").get("players") == 4


def test_a_known_setting_gets_the_default_of_an_author(config, load) -> None:
    config.register("num_participants", int, default=7)
    assert load("").get("num_participants") == 7


@pytest.mark.parametrize(
    ("value", "problem"), [(1, "players must be 2 or more"), (9, "players must be 8 or less")]
)
def test_a_number_outside_of_its_limits_is_refused(config, load, value, problem) -> None:
    config.register("players", int, minimum=2, maximum=8)
    with pytest.raises(SettingsError, match=problem):
        load(f"players = {value}")


def test_an_author_may_register_a_known_setting_again(config, load) -> None:
    config.register("num_participants", int)
    assert load("num_participants = 2").get("num_participants") == 2


def test_a_known_setting_registered_again_keeps_its_own_rules(config, load) -> None:
    config.register("base_payment", float)
    with pytest.raises(SettingsError):
        load("base_payment = -1")


def test_a_known_setting_does_not_change_its_type(config) -> None:
    with pytest.raises(ConfigError, match="exists already and is of type float, not str"):
        config.register("base_payment", str)


def test_a_name_without_meaning_here_is_free_for_authors(config, load) -> None:
    config.register("threads", int)
    assert load("threads = 3").get("threads") == 3


def test_settings_have_one_of_four_types(config) -> None:
    with pytest.raises(ConfigError, match="use str, int, float or bool"):
        config.register("colours", list)


def test_a_synonym_belongs_to_one_setting(config) -> None:
    with pytest.raises(ConfigError, match="it belongs to 'title'"):
        config.register("heading", str, ["title"])


def test_money_is_exact(load) -> None:
    assert str(load("base_payment = 0.10").money("base_payment")) == "0.1"


def test_a_reset_forgets_values_and_registrations(config, load) -> None:
    config.register("n", int)
    load("n = 3")
    config.reset()
    assert (config.ready, "n" in config) == (False, False)


def test_a_setting_is_contained_when_it_has_a_value(load) -> None:
    config = load("num_participants = 2")
    assert ["num_participants" in config, "title" in config, "run_seed" in config] == [True, True, False]


def test_the_whole_process_shares_one_configuration() -> None:
    assert get_config() is get_config()


def test_the_experiments_defaults_may_be_typed_values(config, load) -> None:
    config.register("n", int)
    assert load(defaults={"n": 7}).get("n") == 7


def test_a_configuration_without_any_file_is_ready(config, tmp_path: Path) -> None:
    config.load_for(tmp_path, environ={}, home=tmp_path / "nobody")
    assert config.get("mode") == "debug"
