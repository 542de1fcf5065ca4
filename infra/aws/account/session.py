"""The AWS account that the operator works with, found as the AWS CLI finds it."""

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

from .errors import NO_CREDENTIALS, NO_REGION, is_gone, plainly, problem

#: Seconds; an upload of a package over a slow line takes its time.
CONNECT, READ = 10, 120
ATTEMPTS = 5
_PARTITIONS = {"aws-cn": "the China regions", "aws-us-gov": "the GovCloud regions"}


@dataclass(frozen=True)
class Identity:
    """Who the operator is to AWS."""

    account: str
    arn: str

    @property
    def is_root(self) -> bool:
        """Whether these are the keys of the account itself."""
        return self.arn.endswith(":root")

    @property
    def partition(self) -> str:
        """The part of AWS that the account belongs to: aws, aws-cn, aws-us-gov."""
        return self.arn.split(":")[1] if ":" in self.arn else "aws"


class Account:
    """Every AWS client of the operator's side comes from here."""

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
        """The profile whose keys are used; None where AWS's usual order counted."""
        credentials, name = self.session.get_credentials(), self.session.profile_name
        # Keys in the environment count more than a profile that is only named there.
        by_environment = credentials is not None and credentials.method == "env"
        return None if name == "default" or by_environment else str(name)

    def client(self, service: str, region: str | None = None) -> Any:
        """Return the client of a service, made once; by default in the account's region."""
        key = (service, region or self.region)
        if key not in self._clients:
            config = Config(
                connect_timeout=CONNECT,
                read_timeout=READ,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            )
            self._clients[key] = self.session.client(service, region_name=key[1], config=config)
        return self._clients[key]

    @cached_property
    def identity(self) -> Identity:
        """Who is asking; OperatorProblem when AWS doesn't know these keys."""
        with plainly():
            answer = self.client("sts").get_caller_identity()
        return Identity(str(answer["Account"]), str(answer["Arn"]))

    @property
    def number(self) -> str:
        """The account's twelve digits."""
        return self.identity.account

    def secrets(self) -> dict[str, str]:
        """Return what must be in no file that leaves this machine: the operator's own keys."""
        credentials = self.session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
        found = (frozen.secret_key, frozen.token) if frozen else ()
        names = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return {name: str(value) for name, value in zip(names, found, strict=False) if value}

    def engine(self, table: str) -> DynamoDBEngine:
        """Open a table as the store of a run; close it in the end."""
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
        """Whether a table is there."""
        try:
            self.client("dynamodb").describe_table(TableName=table)
        except ClientError as error:
            if is_gone(error):
                return False
            raise
        return True

    def environment(self) -> dict[str, str]:
        """Return the environment in which another program finds the same account and region."""
        found = {**os.environ, "AWS_DEFAULT_REGION": self.region, "AWS_REGION": self.region}
        if self.profile is not None:
            found["AWS_PROFILE"] = self.profile
            # Keys in the environment would count more than the profile.
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
                found.pop(name, None)
        return found


def connect(profile: str | None = None, region: str | None = None) -> Account:
    """Find the account: profile and region as given, else as the AWS CLI would take them.

    OperatorProblem, in one plain sentence with what to do, when there are no keys, no region or no
    connection.
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
    # Asked at once, so that wrong keys are the first thing that is said.
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
        # A name like no region's; it is refused in a moment, beside the names that exist.
        return "aws"
