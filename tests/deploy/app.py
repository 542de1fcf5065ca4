"""A whole app on the played AWS: staged and deployed for real, with a package that is small and empty."""

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

#: A sandbox that mails nobody.
SETTINGS = {"mailer": "log"}
#: What is installed here asks for the same in each deploy; reading that is a third of staging.
_requirement = cache(Requirement)
DEMO = Path(__file__).parents[2] / "demos" / "bartlett1932"


@dataclass
class Told:
    """Progress, kept."""

    steps: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def begin(self, number: int, total: int, name: str) -> None:
        self.steps.append(name)

    def tell(self, line: str) -> None:
        self.lines.append(line)


class Launches:
    """Who answers POST /launch where no function runs."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(self, rest_url: str, token: str) -> str:
        self.asked.append((rest_url, token))
        return "Recruitment was started."


class Probes:
    """Answers the probe of sockets where no function runs."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, url: str) -> None:
        self.asked.append(url)


def at_home(patch: pytest.MonkeyPatch, folder: Path, cloud: Cloud) -> Path:
    """Work with the played AWS, keep notes in a folder, and package in no time: nobody looks inside here.

    Return where notes are kept.
    """
    home = folder / "home"
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
    order = DeploySpec(DEMO, names, **{"settings": SETTINGS, **more})
    return Deployment(account, order, told or Told(), launch=Launches(), probe=Probes()).run()
