"""What every test shares: no network beyond loopback, no AWS credentials of the machine."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from pytest_socket import socket_allow_hosts

# A busy machine is no failure: what is slow is measured in bench/, and seeds are printed when a rule breaks.
settings.register_profile("petri", deadline=None, print_blob=True)
settings.load_profile("petri")

LOOPBACK = ["127.0.0.1", "::1", "localhost"]

for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",
    AWS_EC2_METADATA_DISABLED="true",
)


@pytest.fixture(autouse=True)
def _loopback_only() -> None:
    socket_allow_hosts(LOOPBACK, allow_unix_socket=True)
