"""Looks up the Mechanical Turk requester's AWS account, the only one whose notifications are accepted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.experiment.config.run_settings import RunSettings
from chalicelib.operations.recruitment.quotas import recruiter_names
from chalicelib.operations.shared.settings import Settings
from infra.problems import OperatorProblem


def account_of(settings: Mapping[str, Any], secrets: Mapping[str, Any]) -> str:
    """Return the requester's account; empty unless Mechanical Turk is used with keys of its own."""
    key, secret = secrets.get("aws_access_key_id"), secrets.get("aws_secret_access_key")
    if "mturk" not in recruiter_names(Settings(dict(settings))) or not key or not secret:
        return ""
    region = RunSettings.read(settings).aws_region
    client = boto3.client(
        "sts", region_name=region, aws_access_key_id=str(key), aws_secret_access_key=str(secret)
    )
    try:
        return str(client.get_caller_identity()["Account"])
    except ClientError as error:
        raise OperatorProblem(
            "AWS doesn't know the requester's keys for Mechanical Turk. Correct aws_access_key_id and "
            "aws_secret_access_key (in ~/.petriconfig or the environment)."
        ) from error
    finally:
        client.close()
