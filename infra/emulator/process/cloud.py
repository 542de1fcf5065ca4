"""Starts the emulator's process, and gives clients and environments for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Self

import boto3
import requests
from botocore.config import Config

from .ready_chalice import ReadyChalice
from .request_names import Call

REGION = "us-east-1"
ACCOUNT = "123456789012"
#: The operator's access key; functions have their own.
OPERATOR = "OPERATOR"
REFUSAL = "The rehearsal refuses this call."
#: CloudFront's error for an account that AWS hasn't verified yet.
UNVERIFIED = (
    "Your account must be verified before you can add new CloudFront resources. To verify your account, "
    "please contact AWS Support (https://console.aws.amazon.com/support/home#/) and include this error "
    "message."
)
#: In place of service and operation: any call by the operator.
ANY = ("*", "*")
ROOT = Path(__file__).parents[3]
PATIENCE = 10
#: The prefix of the emulator's own routes: the recorded calls and their counts, calls to refuse, a function's
#: package, a version of a layer, the account's concurrency, a copy of everything.
OWN = "/rehearsal/"
CALLS, COUNT, REFUSE, CODE, LAYER, CONCURRENCY, COPY = (
    f"{OWN}{one}" for one in ("calls", "count/", "refuse", "code/", "layer/", "concurrency/", "copy")
)


class Cloud:
    """moto in server mode with the shims, in a separate process, until `close`."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{self._start()}"
        #: Runs Chalice's deployer in a preloaded process.
        self.chalice = ReadyChalice()
        self._session = requests.Session()
        self._boto = boto3.Session()
        self._guard = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}

    def _start(self) -> str:
        """Start the process and return its port."""
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.emulator.server"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        if self._process.stdout is None:
            raise RuntimeError("the process has no standard output")
        port = self._process.stdout.readline().strip()
        if not port:
            self.close()
            raise RuntimeError("moto's server didn't start; `python -m infra.emulator.server` says why")
        return port

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def log(self) -> str:
        """Return moto's log."""
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
        for client in self._clients.values():
            client.close()
        self._leave()
        self.close()

    def _leave(self) -> None:
        self.chalice.close()

    def environment(self, caller: str = OPERATOR) -> dict[str, str]:
        """Return the environment of a process that uses the emulator; `caller` is recorded with its calls."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": caller,
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str, caller: str = OPERATOR) -> Any:
        """Return a client of a service, cached for each caller."""
        with self._guard:
            if (service, caller) not in self._clients:
                self._clients[service, caller] = self._boto.client(
                    service,
                    region_name=REGION,
                    endpoint_url=self.url,
                    aws_access_key_id=caller,
                    aws_secret_access_key="rehearsal",
                    config=Config(account_id_endpoint_mode="disabled", retries={"total_max_attempts": 2}),
                )
            return self._clients[service, caller]

    def calls(self) -> list[Call]:
        """Return every call that has reached it, oldest first."""
        return [Call(**one) for one in self._session.get(self.url + CALLS, timeout=PATIENCE).json()]

    def count(self, caller: str = OPERATOR) -> int:
        """Return how many calls a caller has made."""
        return int(self._session.get(self.url + COUNT + caller, timeout=PATIENCE).json())

    def refuse(self, *operations: tuple[str, str], after: int = 0, message: str = REFUSAL) -> None:
        """Refuse the next call of each (service, operation), after `after` calls have passed.

        `message`: that of the AccessDenied error.
        """
        wanted = [
            {"service": one, "operation": two, "after": after, "message": message} for one, two in operations
        ]
        self._session.post(self.url + REFUSE, json=wanted, timeout=PATIENCE).raise_for_status()

    def limit_concurrency(self, functions: int) -> None:
        """Limit the account's concurrency."""
        self._session.get(f"{self.url}{CONCURRENCY}{functions}", timeout=PATIENCE).raise_for_status()

    def package(self, function: str, version: str = "$LATEST") -> bytes:
        """Return the zip that was uploaded for a version of a function."""
        answer = self._session.get(f"{self.url}{CODE}{function}/{version}", timeout=PATIENCE)
        answer.raise_for_status()
        return answer.content

    def layer(self, arn: str) -> bytes:
        """Return the zip that was published as a version of a layer."""
        name, version = arn.split(":")[-2:]
        answer = self._session.get(f"{self.url}{LAYER}{name}/{version}", timeout=PATIENCE)
        answer.raise_for_status()
        return answer.content

    def copy(self) -> CopiedCloud:
        """Return a copy of the cloud in its current state."""
        return CopiedCloud(self, self._session.post(self.url + COPY, timeout=PATIENCE).json())


class CopiedCloud(Cloud):
    """A fork of a cloud's process, whose changes don't affect the original."""

    def __init__(self, original: Cloud, process: dict[str, int]) -> None:
        self._pid = process["pid"]
        self._port = str(process["port"])
        super().__init__()
        self.chalice = original.chalice

    def _start(self) -> str:
        return self._port

    def close(self) -> None:
        os.kill(self._pid, signal.SIGTERM)

    def _leave(self) -> None:
        """Chalice's process belongs to the original."""
