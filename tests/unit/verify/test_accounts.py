"""Missing settings for mail or a recruiter are reported along with other findings."""

from __future__ import annotations

import pytest

from tests.unit.verify.conftest import GOOD

SANDBOX = GOOD["config.txt"] + "mode = sandbox\ncontact_email_on_error = lab@example.org\n"
MAIL = "Mail needs more settings: smtp_username, smtp_password, dallinger_email_address."


def test_mail_without_its_settings_hides_no_other_finding(check):
    found = check({"config.txt": SANDBOX, "README.md": None, "templates/exp.html": "{{ unknown }}"})
    assert [each.what for each in found if each.where == "config.txt"] == [MAIL]
    assert {each.where for each in found} == {"config.txt", "README.md", "templates/exp.html, line 1"}


def test_the_hooks_are_tried_as_well(check):
    broken = GOOD["experiment.py"].replace("Chain(max_size=self.n)", "Chain(max_size=self.nothing)")
    found = check({"config.txt": SANDBOX, "experiment.py": broken})
    assert any("has no attribute 'nothing'" in each.what for each in found)
    assert any(each.what == MAIL for each in found)


def test_a_vendor_without_its_settings_hides_no_other_finding(check):
    settings = "mode = sandbox\nmailer = log\nrecruiter = prolific\n"
    found = check({"config.txt": GOOD["config.txt"] + settings, "README.md": None})
    assert {each.where for each in found} == {"config.txt", "README.md"}
    assert any("prolific_token" in f"{each.what} {each.fix}" for each in found), found


@pytest.mark.parametrize("recruiter", ["mturk", "link", "multi"])
def test_a_recruiter_without_further_needs_passes(check, recruiter):
    settings = f"mode = live\nmailer = log\nrecruiter = {recruiter}\nrecruiters = link: 1\n"
    assert check({"config.txt": GOOD["config.txt"] + settings}) == []


def test_in_debug_mode_no_account_is_needed(check):
    assert check({"config.txt": SANDBOX.replace("sandbox", "debug")}) == []
