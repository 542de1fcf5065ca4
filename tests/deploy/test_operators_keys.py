"""The operator's own keys stay on the operator's machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.aws import remains
from infra.aws.account import connect
from infra.aws.deploying import Deploying, Order
from infra.aws.errors import AwsProblem
from infra.aws.names import Names
from infra.emulator.cloud import Cloud
from tests.deploy.app import SETTINGS, Launches, Told, at_home

from .folders import author_folder

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
    deploying = Deploying(account, Order(folder, names, settings=SETTINGS), Told(), launch=Launches())
    with pytest.raises(AwsProblem, match=r"upload\.py holds your own AWS_SECRET_ACCESS_KEY") as refused:
        deploying.run()
    assert (SECRET in str(refused.value), remains.find(account, names)) == (False, [])
