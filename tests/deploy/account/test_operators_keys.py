"""The operator's own keys stay on the operator's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.aws.account.names import Names
from infra.aws.account.session import connect
from infra.aws.lifecycle.deployment import Deployment, DeploySpec
from infra.aws.resources import resource_inventory
from infra.emulator.process.cloud import Cloud
from infra.problems import OperatorProblem
from tests.deploy.app import SETTINGS, Launches, Told, at_home
from tests.deploy.package.folders import author_folder

SECRET = "wJalrXUtnFEMI-of-a-profile"


def test_a_file_that_holds_the_key_of_the_operators_profile_is_refused(
    names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cloud: Cloud
) -> None:
    at_home(monkeypatch, tmp_path, cloud)
    profile = tmp_path / "credentials"
    profile.write_text(f"[lab]\naws_access_key_id = OPERATOR\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    account = connect(profile="lab")
    folder = author_folder(tmp_path / "double", {"upload.py": f"KEY = {SECRET!r}\n"})
    deploying = Deployment(
        account, DeploySpec(folder=folder, names=names, settings=SETTINGS), Told(), launch=Launches()
    )
    with pytest.raises(
        OperatorProblem, match=r"upload\.py contains your own AWS_SECRET_ACCESS_KEY"
    ) as refused:
        deploying.run()
    assert (SECRET in str(refused.value), resource_inventory.find(account, names)) == (False, [])
