"""Which AWS account the operator works with, and what they hear when it can't be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, SSOTokenLoadError

from infra.aws.account import Account, connect
from infra.aws.errors import AwsProblem, problem
from infra.emulator.cloud import ACCOUNT, REGION


def refused(code: str, message: str = "", operation: str = "CreateTable") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def test_the_account_is_found_by_the_endpoint_that_the_aws_cli_takes(account: Account) -> None:
    assert account.number == ACCOUNT


def test_aws_region_names_the_region(account: Account) -> None:
    assert account.region == REGION


def test_without_credentials_the_way_to_get_some_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(AwsProblem, match="Run `aws configure`"):
        connect()


def test_without_a_region_the_option_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(AwsProblem, match=r"No AWS region is set\. Give one with --region"):
        connect()


def test_a_misspelt_region_is_answered_with_the_nearest(account: Account) -> None:
    with pytest.raises(AwsProblem, match="Did you mean us-east-1"):
        connect(region="us-eats-1")


def test_a_profile_that_is_not_there_is_named(account: Account) -> None:
    with pytest.raises(AwsProblem, match=r"profile \(nobody\) could not be found.*list-profiles"):
        connect(profile="nobody")


def test_an_address_where_nobody_answers_is_no_connection(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("infra.aws.account.ATTEMPTS", 1)
    with pytest.raises(AwsProblem, match=r"can't be reached\. Check the network"):
        connect()


@pytest.mark.parametrize(
    ("error", "plainly"),
    [
        (refused("ExpiredToken"), "session has expired; sign in again"),
        (SSOTokenLoadError(error_msg="gone"), "session has expired; sign in again"),
        (refused("InvalidClientTokenId"), "doesn't know the keys"),
        (
            refused("AccessDenied", "User: x is not authorized to perform: iam:PassRole on resource: y"),
            "no right to iam:PassRole",
        ),
        (refused("LimitExceededException", "Too many tables"), "quota of the AWS account is reached"),
        (refused("ThrottlingException"), "Wait a minute"),
        (EndpointConnectionError(endpoint_url="https://x"), "can't be reached"),
        (
            refused("ValidationException", "Bad name."),
            r"refused CreateTable \(ValidationException\): Bad name\.",
        ),
    ],
)
def test_what_aws_refuses_is_said_plainly(error: ClientError, plainly: str) -> None:
    with pytest.raises(AwsProblem, match=plainly):
        raise problem(error)


def test_signatures_are_not_repeated() -> None:
    text = str(problem(refused("SignatureDoesNotMatch", "The String-to-Sign was AKIAEXAMPLE")))
    assert "AKIAEXAMPLE" not in text


def test_a_named_profile_counts_more_than_keys_in_the_environment_of_another_program(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[lab]\naws_access_key_id = OPERATOR\naws_secret_access_key = rehearsal\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    found = connect(profile="lab").environment()
    assert (found["AWS_PROFILE"], "AWS_ACCESS_KEY_ID" in found) == ("lab", False)


def test_keys_in_the_environment_count_more_than_a_profile_there_for_chalice_too(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    file.write_text("[lab]\naws_access_key_id = ANOTHER\naws_secret_access_key = rehearsal\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    found = connect()
    assert (found.profile, found.environment()["AWS_ACCESS_KEY_ID"]) == (None, "OPERATOR")
