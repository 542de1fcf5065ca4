"""Connects to the operator's AWS account, with the same lookup order as the AWS CLI."""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.messaging.aws_partitions import STANDARD, partition_of
from chalicelib.storage.dynamodb.dynamodb_engine import DynamoDBEngine
from infra.problems import OperatorProblem

from .aws_errors import NO_CREDENTIALS, NO_REGION, is_gone, plainly, problem

#: Seconds, long enough to upload a package over a slow connection.
CONNECT, READ = 10, 120
ATTEMPTS = 5
_PARTITIONS = {"aws-cn": "the China regions", "aws-us-gov": "the GovCloud regions"}


@dataclass(frozen=True)
class Identity:
    """The operator's identity at AWS."""

    account: str
    arn: str

    @property
    def is_root(self) -> bool:
        """Whether these are the keys of the account's root user."""
        return self.arn.endswith(":root")

    @property
    def name(self) -> str:
        """The name without the account: `user/ada`, or `assumed-role/<role>/<session>`."""
        return self.arn.rpartition(":")[2]

    @property
    def partition(self) -> str:
        """The AWS partition of the account: aws, aws-cn, aws-us-gov."""
        return self.arn.split(":")[1] if ":" in self.arn else "aws"


class Account:
    """The operator's AWS account, which creates every AWS client of the operator's side."""

    def __init__(self, session: boto3.Session) -> None:
        """Take a session that has a region."""
        self.session = session
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def region(self) -> str:
        """The region in which the app lives."""
        return str(self.session.region_name)

    @property
    def profile(self) -> str | None:
        """The profile whose keys are used; None when AWS's default lookup found them."""
        credentials, name = self.session.get_credentials(), self.session.profile_name
        # Keys in the environment take precedence over a profile that is only named there.
        by_environment = credentials is not None and credentials.method == "env"
        return None if name == "default" or by_environment else str(name)

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client of a service, by default in the account's region; clients are cached."""
        key = (service, region or self.region)
        if key not in self._clients:
            config = Config(
                connect_timeout=CONNECT,
                read_timeout=READ,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
                # Without this, boto3 signs forms and links of S3 with version 2, which newer regions refuse.
                signature_version="s3v4" if service == "s3" else None,
            )
            self._clients[key] = self.session.client(service, region_name=key[1], config=config)
        return self._clients[key]

    @cached_property
    def identity(self) -> Identity:
        """The caller's identity; raises OperatorProblem when AWS doesn't know these keys."""
        with plainly():
            answer = self.client("sts").get_caller_identity()
        return Identity(str(answer["Account"]), str(answer["Arn"]))

    @property
    def number(self) -> str:
        """The account's twelve digits."""
        return self.identity.account

    def secrets(self) -> dict[str, str]:
        """Return the operator's own keys, which must not be in any file that leaves this machine."""
        credentials = self.session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
        found = (frozen.secret_key, frozen.token) if frozen else ()
        names = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return {name: str(value) for name, value in zip(names, found, strict=False) if value}

    def engine(self, table: str) -> DynamoDBEngine:
        """Open a table as the store of a run; the caller closes it."""
        credentials = self.session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
        return DynamoDBEngine(
            table,
            self.region,
            host=self.client("dynamodb").meta.endpoint_url,
            aws_access_key_id=frozen.access_key if frozen else None,
            aws_secret_access_key=frozen.secret_key if frozen else None,
            aws_session_token=frozen.token if frozen else None,
            max_attempts=10,
            read_timeout=30.0,
        )

    def has_table(self, table: str) -> bool:
        """Whether a table exists."""
        try:
            self.client("dynamodb").describe_table(TableName=table)
        except ClientError as error:
            if is_gone(error):
                return False
            raise
        return True

    def environment(self) -> dict[str, str]:
        """Return environment variables with which another program uses the same account and region."""
        found = {**os.environ, "AWS_DEFAULT_REGION": self.region, "AWS_REGION": self.region}
        if self.profile is not None:
            found["AWS_PROFILE"] = self.profile
            # Keys in the environment would take precedence over the profile.
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
                found.pop(name, None)
        return found


def connect(profile: str | None = None, region: str | None = None) -> Account:
    """Connect to the account with this profile and region, by default those of the AWS CLI.

    Raises OperatorProblem, with what to do, without keys, a region or a connection.
    """
    try:
        session = boto3.Session(profile_name=profile, region_name=region or os.environ.get("AWS_REGION"))
    except BotoCoreError as error:
        raise problem(error) from error
    _check_region(session)
    try:
        credentials = session.get_credentials()
    except BotoCoreError as error:
        raise problem(error) from error
    if credentials is None:
        raise OperatorProblem(NO_CREDENTIALS)
    account = Account(session)
    # Looked up now, so that wrong keys are the first error.
    _check_partition(account.identity.partition)
    return account


def _check_partition(partition: str) -> None:
    if partition == STANDARD:
        return
    where = _PARTITIONS.get(partition, f"the partition {partition}")
    raise OperatorProblem(
        f"Petri doesn't run in {where} of AWS, where CloudFront works differently; use keys and a region of "
        "AWS's standard partition, such as eu-central-1."
    )


def _check_region(session: boto3.Session) -> None:
    region = session.region_name
    if not region:
        raise OperatorProblem(NO_REGION)
    _check_partition(partition_of(region))
    known = session.get_available_regions("lambda", partition_name=_partition(session, region))
    if region in known:
        return
    near = get_close_matches(region, known, 1)
    guess = f"Did you mean {near[0]}?" if near else "Give one such as us-east-1."
    raise OperatorProblem(f"AWS Lambda has no region {region!r}. {guess}")


def _partition(session: boto3.Session, region: str) -> str:
    try:
        return session.get_partition_for_region(region)
    except BotoCoreError:
        # Not the form of a region's name; it is refused below, with the names that exist.
        return "aws"
