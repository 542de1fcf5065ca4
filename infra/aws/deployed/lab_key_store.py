"""Reads and writes the keys of a deployed lab in their parameter in SSM, with the operator's rights."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from infra.aws.account.aws_errors import is_gone
from infra.aws.account.names import Names
from infra.aws.account.session import Account


class DeployedLabKeys:
    """The keys of a deployed lab, the newest first."""

    def __init__(self, account: Account, names: Names) -> None:
        """`names`: those of the lab."""
        self._account = account
        self._name = names.lab_keys

    def read(self) -> Sequence[Mapping[str, Any]]:
        """Return each key with its thumbprint and its private JSON Web Key; empty before the first."""
        try:
            found = self._account.client("ssm").get_parameter(Name=self._name, WithDecryption=True)
        except ClientError as error:
            if is_gone(error):
                return ()
            raise
        return list(json.loads(found["Parameter"]["Value"])["pairs"])

    def write(self, pairs: Sequence[Mapping[str, Any]]) -> None:
        """Store the keys in place of those before."""
        text = json.dumps({"pairs": [dict(pair) for pair in pairs]}, sort_keys=True)
        ssm = self._account.client("ssm")
        ssm.put_parameter(Name=self._name, Value=text, Type="SecureString", Overwrite=True)
