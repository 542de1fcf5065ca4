"""An app's secrets are made once and kept."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.resources import app_secrets
from infra.aws.resources.app_secrets import SIGNING, SIGNING_TOKENS, TOKEN, OperatorTokens
from infra.emulator.process.cloud import REGION
from infra.problems import OperatorProblem


def test_signing_secret_and_token_outlive_a_redeploy(account: Account, names: Names) -> None:
    first = app_secrets.ensure(account, names, {})
    second = app_secrets.ensure(account, names, {"prolific_api_token": "new"})
    assert (second[SIGNING], second[TOKEN]) == (first[SIGNING], first[TOKEN])


def test_keys_of_recruiters_are_what_they_are_now(account: Account, names: Names) -> None:
    app_secrets.ensure(account, names, {"prolific_api_token": "old"})
    app_secrets.ensure(account, names, {"prolific_api_token": "new"})
    assert app_secrets.read(account, names)["prolific_api_token"] == "new"


def test_secrets_are_encrypted_at_rest(account: Account, names: Names) -> None:
    app_secrets.ensure(account, names, {})
    found = account.client("ssm").get_parameter(Name=names.secrets)["Parameter"]
    assert found["Type"] == "SecureString"


def test_an_app_has_no_secrets_before_it_is_deployed(account: Account, names: Names) -> None:
    assert app_secrets.read(account, names) == {}


def test_keys_of_recruiters_are_in_a_separate_parameter(account: Account, names: Names) -> None:
    app_secrets.ensure(account, names, {"smtp_password": "pssst", "lab_password": "hush"})
    ssm = account.client("ssm")
    own, vendors = (
        ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        for name in (names.secrets, names.vendor_secrets)
    )
    assert ("pssst" in own, "pssst" in vendors, "hush" in own, "hush" in vendors) == (
        False,
        True,
        True,
        False,
    )


def test_rotating_keeps_the_runs_own_secret_and_the_last_that_signed(account: Account, names: Names) -> None:
    first = app_secrets.ensure(account, names, {})
    second = app_secrets.ensure(account, names, {}, rotate=True)
    third = app_secrets.ensure(account, names, {}, rotate=True)
    later = app_secrets.ensure(account, names, {})
    assert second[SIGNING] == third[SIGNING] == first[SIGNING]
    assert len({one[TOKEN] for one in (first, second, third)}) == 3
    assert second[SIGNING_TOKENS][0] == first[SIGNING]
    assert third[SIGNING_TOKENS][0] == second[SIGNING_TOKENS][1]
    assert later == third


def test_a_rotated_key_of_the_dashboard_is_known_before_and_after(account: Account, names: Names) -> None:
    deployed = [
        app_secrets.ensure(account, names, {}, rotate=rotate) for rotate in (False, False, True, True)
    ]
    accepted = [one[app_secrets.ORIGIN_KEYS] for one in deployed]
    sent = [app_secrets.origin_key(one) for one in deployed]
    assert accepted[0] == accepted[1]
    assert len(set(sent)) == 3
    for before, after in itertools.pairwise(range(len(deployed))):
        # Functions of the release before answer the new key, and those of the new release the key before.
        assert sent[after] in accepted[before]
        assert sent[before] in accepted[after]
    assert sent[0] not in accepted[-1]


def test_forgotten_secrets_are_gone(account: Account, names: Names) -> None:
    app_secrets.ensure(account, names, {})
    app_secrets.forget(account, names)
    assert app_secrets.read(account, names) == {}


def test_deleting_missing_secrets_is_not_an_error(account: Account, names: Names) -> None:
    assert app_secrets.forget(account, names) is False


def test_more_than_ssm_takes_is_refused_without_showing_it(account: Account, names: Names) -> None:
    with pytest.raises(OperatorProblem) as refusal:
        app_secrets.ensure(account, names, {"smtp_password": "x" * 5000})
    assert "xxx" not in str(refusal.value)


def test_only_its_owner_can_read_the_file_of_tokens(tmp_path: Path) -> None:
    tokens = OperatorTokens(tmp_path / "private" / "tokens")
    tokens.keep(Names("story", "live"), REGION, "t0ken")
    assert tokens.path.stat().st_mode & 0o777 == 0o600


def test_tokens_are_found_by_app_and_stage(tmp_path: Path) -> None:
    tokens = OperatorTokens(tmp_path / "tokens")
    tokens.keep(Names("story", "live"), REGION, "one")
    tokens.keep(Names("story", "sandbox"), REGION, "two")
    assert tokens.find(Names("story", "live"), REGION) == "one"


def test_tokens_of_one_app_in_two_regions_are_stored_separately(tmp_path: Path) -> None:
    tokens = OperatorTokens(tmp_path / "tokens")
    tokens.keep(Names("story", "live"), REGION, "one")
    tokens.keep(Names("story", "live"), "eu-central-1", "two")
    assert tokens.find(Names("story", "live"), REGION) == "one"


def test_a_token_that_an_older_version_wrote_down_is_found(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("[Deployed apps]\nstory-live = older\n")
    assert OperatorTokens(path).find(Names("story", "live"), REGION) == "older"


def test_the_token_of_a_destroyed_app_is_removed(tmp_path: Path) -> None:
    tokens = OperatorTokens(tmp_path / "tokens")
    tokens.keep(Names("story", "live"), REGION, "one")
    tokens.forget(Names("story", "live"), REGION)
    assert "one" not in tokens.path.read_text()
