from __future__ import annotations

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.experiment.config.configuration import Configuration
from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS
from chalicelib.experiment.config.problems import SettingsError

SECRET = "hunter2-correct-horse"


def test_secrets_are_readable_by_code(load) -> None:
    assert load(f"smtp_password = {SECRET}").get("smtp_password") == SECRET


@pytest.mark.parametrize("show", [repr, str, Configuration.public, Configuration.as_dict])
def test_secrets_are_in_nothing_that_is_shown(load, show) -> None:
    config = load(f"smtp_password = {SECRET}\ndatabase_url = postgres://u:{SECRET}@h/d")
    assert SECRET not in str(show(config))


def test_secrets_are_given_only_when_asked_for(load) -> None:
    config = load(f"smtp_password = {SECRET}")
    assert config.as_dict(include_sensitive=True)["smtp_password"] == SECRET


def test_an_authors_secret_is_not_public(config, load) -> None:
    config.register("answer", str, sensitive=True)
    assert "answer" not in load(f"answer = {SECRET}").public()


def test_an_authors_setting_is_public(config, load) -> None:
    config.register("colour", str)
    assert load("colour = red").public()["colour"] == "red"


@pytest.mark.parametrize("name", ["lab_password", "my_secret", "OPENAI_api_key", "slack_token"])
def test_a_setting_named_like_a_secret_is_treated_as_one(config, load, name: str) -> None:
    config.register(name, str)
    assert SECRET not in str(load(f"{name} = {SECRET}").as_dict())


def test_pages_know_nothing_about_the_operators_accounts(load) -> None:
    config = load("smtp_username = me\ndallinger_email_address = me@example.org\ngroup_name = g")
    assert not {"smtp_username", "dallinger_email_address", "dashboard_user", "group_name"} & set(
        config.public()
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(KNOWN_SETTINGS))
def test_no_refusal_repeats_the_value(load, key) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(f"{key.name} = {SECRET}\nlifetime = x\nlifetime = y\n{key.name}x = {SECRET}")
    assert SECRET not in str(refusal.value)


def test_no_warning_repeats_the_value(load, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        load(f"heroku_api_thing = {SECRET}\norganization_name = {SECRET}")
    assert SECRET not in caplog.text
