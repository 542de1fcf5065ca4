"""Missing settings for mail or a recruiter are reported along with other findings."""

from __future__ import annotations

import sys

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


LINKS = GOOD["config.txt"] + "mode = live\nmailer = log\nrecruiter = link\n"
CREDIT = "link_credit = sona\nlink_workers = any\n"
URL = (
    "sona_credit_url = https://x.example.org/WebstudyCredit?experiment_id=1&credit_token=2&survey_code=XXXX\n"
)


def test_credit_in_sona_with_its_settings_passes(check):
    assert check({"config.txt": LINKS + CREDIT + URL}) == []


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (CREDIT, "sona_credit_url isn't a Server-Side Completion URL."),
        (CREDIT.replace("any", "ada, ben") + URL, "needs the ids that SONA inserts"),
        (URL, "sona_credit_url has no effect."),
    ],
)
def test_credit_in_sona_without_one_of_its_settings_is_found(check, settings, what):
    assert [what in each.what for each in check({"config.txt": LINKS + settings})] == [True]


@pytest.mark.parametrize(
    ("settings", "package"),
    [
        ("passkeys = true\n", "webauthn"),
        ('oidc_providers = {"orcid": {"issuer": "https://orcid.org", "client_id": "APP-1"}}\n', "joserfc"),
    ],
)
def test_a_package_that_signing_in_needs_and_the_machine_lacks_is_a_warning(
    check, monkeypatch, settings, package
):
    files = {"config.txt": GOOD["config.txt"] + settings}
    assert check(files) == []
    monkeypatch.setitem(sys.modules, package, None)
    (found,) = check(files)
    assert (found.level, found.where) == ("warning", "config.txt")
    assert f"needs the package {package}" in found.what
    assert "pip install 'petri[sign-in]'" in found.fix
    assert check() == []
