"""Deploys a whole app to the emulated AWS with the real code, except for an empty package."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from infra.aws.account.names import Names
from infra.aws.account.session import Account
from infra.aws.lifecycle import deployment
from infra.aws.lifecycle.deployment import Deployed, Deployment, DeploySpec
from infra.aws.resources import chalice_deploy
from infra.emulator.process.cloud import Cloud
from infra.packaging import pins
from tests.experiments import EXPERIMENTS

#: Settings of a sandbox app that sends no mail.
SETTINGS = {"mailer": "log"}
#: Parsed requirements are cached: they are the same in each deploy, and parsing takes a third of staging.
_requirement = cache(Requirement)
#: The operator's registry in a test's folder.
HOME = "home"
DEMO = EXPERIMENTS / "bartlett1932"


@dataclass
class Told:
    """Progress that records steps and lines."""

    steps: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def begin(self, number: int, total: int, name: str) -> None:
        self.steps.append(name)

    def tell(self, line: str) -> None:
        self.lines.append(line)


class Launches:
    """Replaces POST /launch, since no function runs."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(self, rest_url: str, token: str) -> str:
        self.asked.append((rest_url, token))
        return "Recruitment was started."


class Probes:
    """Replaces the probe of sockets, since no function runs."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, url: str) -> None:
        self.asked.append(url)


def at_home(patch: pytest.MonkeyPatch, folder: Path, cloud: Cloud) -> Path:
    """Use the emulated AWS, a registry below `folder`, and an empty package, which no test reads.

    Return the registry's folder.
    """
    home = folder / HOME
    home.mkdir(parents=True, exist_ok=True)
    for name, value in cloud.environment().items():
        patch.setenv(name, value)
    patch.setenv("PETRI_HOME", str(home))
    package = folder / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "")
    patch.setattr(deployment, "build", lambda staged: package)
    patch.setattr(chalice_deploy, "subprocess", cloud.chalice)
    patch.setattr(pins, "Requirement", _requirement)
    return home


def deploy(account: Account, names: Names, told: Told | None = None, **more: Any) -> Deployed:
    order = DeploySpec(folder=DEMO, names=names, **{"settings": SETTINGS, **more})
    return Deployment(account, order, told or Told(), launch=Launches(), probe=Probes()).run()
