from __future__ import annotations

import re
from collections import Counter

import pytest

from chalicelib.experiment.config.known_settings import KNOWN_SETTINGS, UNSET
from chalicelib.experiment.config.sources import validate

DOCUMENTED = """
mode logfile loglevel whimsical dashboard_user dashboard_password auto_recruit browser_exclude_rule recruiter
recruiters aws_access_key_id aws_secret_access_key aws_region assign_qualifications group_name
mturk_qualification_blocklist qualification_blacklist mturk_qualification_requirements title description
keywords lifetime duration us_only base_payment approve_requirement contact_email_on_error
dallinger_email_address smtp_host smtp_username smtp_password host port webdriver_type webdriver_url
osf_access_token enable_global_experiment_registry protected_routes allow_repeat_worker_ids
question_max_length disable_when_duration_exceeded language num_participants database_url database_size
dyno_type dyno_type_web dyno_type_worker redis_size num_dynos_web num_dynos_worker clock_on heroku_team
heroku_python_version worker_multiplier threads ad_group organization_name require_participant_token
busy_timeout run_seed
"""


def test_every_documented_setting_is_known() -> None:
    known = {name for key in KNOWN_SETTINGS for name in (key.name, *key.synonyms)}
    assert set(DOCUMENTED.split()) - known == set()


def test_every_setting_is_described_in_one_line() -> None:
    assert [key.name for key in KNOWN_SETTINGS if not re.fullmatch(r"[A-Z].{8,110}\.", key.meaning)] == []


def test_no_two_settings_share_a_name() -> None:
    names = Counter(name for key in KNOWN_SETTINGS for name in (key.name, *key.synonyms))
    assert names.most_common(1)[0][1] == 1


@pytest.mark.parametrize(
    "key", [key for key in KNOWN_SETTINGS if key.default is not UNSET], ids=lambda key: key.name
)
def test_a_built_in_default_obeys_its_own_rules(key) -> None:
    assert validate(key, key.default) == key.default


def test_no_secret_is_public() -> None:
    assert [key.name for key in KNOWN_SETTINGS if key.sensitive and key.public] == []


@pytest.mark.parametrize("length", [40_001, 1_000_000])
def test_an_answer_that_no_transaction_holds_is_refused_when_settings_are_read(length: int) -> None:
    (key,) = (key for key in KNOWN_SETTINGS if key.name == "question_max_length")
    with pytest.raises(ValueError, match=r"must be 40000 or less, because 90 answers .* 4 MB"):
        validate(key, length)
    assert validate(key, 40_000) == 40_000
