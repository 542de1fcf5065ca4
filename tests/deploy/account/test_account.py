"""Looking up the operator's AWS account, and the errors when it can't be used."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, SSOTokenLoadError

from chalicelib.messaging.aws_partitions import partition_of
from infra.aws.account.aws_errors import problem
from infra.aws.account.session import Account, Identity, connect
from infra.emulator.process.cloud import ACCOUNT, REGION, Cloud
from infra.problems import OperatorProblem


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
    with pytest.raises(OperatorProblem, match="Run `aws configure`"):
        connect()


def test_without_a_region_the_option_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(OperatorProblem, match=r"No AWS region is set\. Give one with --region"):
        connect()


def test_a_misspelt_region_is_refused_with_the_nearest_one(account: Account) -> None:
    with pytest.raises(OperatorProblem, match="Did you mean us-east-1"):
        connect(region="us-eats-1")


def test_a_profile_that_is_not_there_is_named(account: Account) -> None:
    with pytest.raises(OperatorProblem, match=r"profile \(nobody\) could not be found.*list-profiles"):
        connect(profile="nobody")


def test_an_endpoint_that_does_not_respond_is_reported_as_a_lost_connection(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("infra.aws.account.session.ATTEMPTS", 1)
    with pytest.raises(OperatorProblem, match=r"can't be reached\. Check the network"):
        connect()


@pytest.mark.parametrize(
    ("region", "where"), [("cn-north-1", "the China regions"), ("us-gov-west-1", "the GovCloud regions")]
)
def test_china_and_govcloud_are_refused_before_anything_is_asked(
    cloud: Cloud, account: Account, region: str, where: str
) -> None:
    before = cloud.count()
    with pytest.raises(OperatorProblem, match=f"Petri doesn't run in {where} of AWS"):
        connect(region=region)
    assert cloud.count() == before


def test_keys_of_another_partition_are_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    chinese = Identity("123456789012", "arn:aws-cn:iam::123456789012:user/ada")
    monkeypatch.setattr(Account, "identity", chinese)
    with pytest.raises(OperatorProblem, match="Petri doesn't run in the China regions"):
        connect()


@pytest.mark.parametrize("partition", boto3.Session().get_available_partitions())
def test_a_regions_partition_is_the_one_that_aws_names(partition: str) -> None:
    for region in boto3.Session().get_available_regions("s3", partition_name=partition):
        assert partition_of(region) == partition


def test_no_code_for_aws_names_a_partition_itself() -> None:
    root = Path(__file__).parents[3]
    files = [*(root / "infra" / "aws").rglob("*.py"), root / "chalicelib" / "bootstrap.py"]
    assert [path.name for path in files if "arn:aws:" in path.read_text(encoding="utf-8")] == []


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
def test_a_refusal_by_aws_is_reported_in_plain_words(error: ClientError, plainly: str) -> None:
    with pytest.raises(OperatorProblem, match=plainly):
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
