from __future__ import annotations

import pytest

from chalicelib.errors import ConfigError
from chalicelib.experiment.config.configuration import Configuration
from chalicelib.recruiters.prolific.prolific_settings import read_settings

from .conftest import SETTINGS


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"prolific_token": ""}, "prolific_token"),
        ({"base_payment": 0}, "base_payment"),
        ({"base_payment": 1.0}, "6.00 USD an hour"),
        ({"prolific_estimated_completion_minutes": None}, "prolific_estimated_completion_minutes"),
        ({"screen_out_payment": 2.0}, "screen_out_payment"),
        ({"screen_out_payment": 0.1}, "screen_out_payment"),
        ({"prolific_recruitment_config": "[]"}, "prolific_recruitment_config"),
        ({"prolific_currency": "EUR"}, "prolific_currency"),
        ({"prolific_workspace": "", "assign_qualifications": True}, "prolific_workspace"),
        ({"prolific_workspace": "", "prolific_group_blocklist": "ring"}, "prolific_workspace"),
    ],
)
def test_a_wrong_setting_is_named_before_the_first_call(wrong, named):
    with pytest.raises(ConfigError, match=named):
        read_settings({**SETTINGS, **wrong})


def test_everything_wrong_is_named_at_once():
    with pytest.raises(ConfigError, match=r"(?s)prolific_token.*base_payment"):
        read_settings({**SETTINGS, "prolific_token": "", "base_payment": 0})


@pytest.mark.parametrize(("dollars", "cents"), [(2.0, 200), (1.4, 140), (4.35, 435), ("1.99", 199)])
def test_dollars_become_whole_cents(dollars, cents):
    assert read_settings({**SETTINGS, "base_payment": dollars}).reward == cents


def test_pounds_have_their_own_least_pay():
    assert read_settings({**SETTINGS, "base_payment": 1.0, "prolific_currency": "GBP"}).reward == 100


def test_missing_settings_are_named_by_a_configuration_too(tmp_path):
    config = Configuration()
    config.load_for(tmp_path, environ={}, home=tmp_path)
    with pytest.raises(ConfigError, match=r"(?s)prolific_token.*base_payment"):
        read_settings(config)
