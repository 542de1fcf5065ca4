"""The packages that only sign-in needs are in a layer of their own, in which Lambda finds them."""

from __future__ import annotations

import json
import tomllib
import zipfile
from pathlib import Path

import pytest
from chalice.deploy.packager import DependencyBuilder

from infra.aws.account.names import API, Names
from infra.aws.package.chalice_config import attach_layer, write_chalice
from infra.aws.package.layer_build import build_layer, check_sizes, packages_for
from infra.aws.package.staging import StagedApp
from infra.packaging import lambda_python
from infra.packaging.requirements import SIGN_IN_PACKAGES
from infra.packaging.sizes import MOST_UNPACKED, SizePart, Sizes, sizes_of
from infra.problems import OperatorProblem
from tests.docs.blocks import ROOT
from tests.tools.wheelhouse import offline_pip

from .folders import in_lambda, staged

pytestmark = pytest.mark.e2e

BOTH = """[Experiment]
passkeys = true
oidc_providers = {"orcid": {"issuer": "https://orcid.org", "client_id": "APP-1"}}
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> StagedApp:
    return staged(tmp_path_factory.mktemp("study"), {"config.txt": BOTH})


@pytest.fixture(scope="module")
def layer(app: StagedApp, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer for the Python that runs the tests, which also imports it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lambda_python, "OLDEST", lambda_python.own())
        # The wheels are made of what is installed on this machine, which is newer than Lambda's oldest.
        patch.setitem(DependencyBuilder._RUNTIME_GLIBC, lambda_python.abi(), (2, 99))
        wheelhouse = tmp_path_factory.getbasetemp().parent / "wheelhouse"
        with offline_pip(wheelhouse, SIGN_IN_PACKAGES.values()):
            built = build_layer(app)
    assert built is not None
    return built


def test_the_packages_are_those_of_the_extra_for_this_machine() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["optional-dependencies"]["sign-in"] == list(dict.fromkeys(SIGN_IN_PACKAGES.values()))


def test_each_setting_asks_for_its_own_package() -> None:
    assert packages_for({"passkeys": True, "oidc_providers": ""}) == [SIGN_IN_PACKAGES["passkeys"]]
    assert packages_for({"passkeys": False, "oidc_providers": "{}"}) == [SIGN_IN_PACKAGES["oidc_providers"]]
    assert packages_for({"lab_sign_in": True, "oidc_providers": "{}"}) == [SIGN_IN_PACKAGES["lab_sign_in"]]


def test_an_app_without_these_settings_has_no_layer(tmp_path: Path) -> None:
    assert build_layer(staged(tmp_path)) is None


def test_tokens_and_passkeys_are_verified_with_what_the_layer_has(layer: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(layer) as archive:
        archive.extractall(tmp_path)
    told = in_lambda(
        tmp_path / "python",
        "from joserfc import jwt\n"
        "from joserfc.jwk import ECKey\n"
        "key = ECKey.generate_key('P-256')\n"
        "token = jwt.encode({'alg': 'ES256'}, {'sub': 'ada'}, key)\n"
        "print(jwt.decode(token, key).claims['sub'])\n"
        "import webauthn\n"
        "print(len(webauthn.generate_authentication_options(rp_id='localhost').challenge))\n",
        {},
    )
    assert told.split() == ["ada", "64"]


def test_the_layer_has_no_tests_and_keeps_its_size(layer: Path) -> None:
    with zipfile.ZipFile(layer) as archive:
        names = archive.namelist()
    assert all(name.startswith("python/") for name in names)
    assert [name for name in names if "/tests/" in name or name.endswith((".pyi", ".c"))] == []
    sizes = sizes_of(layer)
    assert sizes.zipped < 8_000_000
    assert sizes.unpacked < 25_000_000


def test_package_and_layer_together_keep_to_the_limit_of_lambda(layer: Path) -> None:
    large = Sizes(1, (SizePart("numpy", 1, MOST_UNPACKED - 1_000_000, is_petris=False),))
    with pytest.raises(OperatorProblem, match=r"the packages for sign-in are 2[6-9][0-9] MB unpacked"):
        check_sizes(large, layer)


@pytest.mark.parametrize("sends_scores", [False, True])
def test_the_consumer_has_the_layer_only_where_it_sends_scores(tmp_path: Path, sends_scores: bool) -> None:
    names = Names("tried", "live", "eu-central-1")
    write_chalice(tmp_path, names, {}, "1" * 12, names.region, mapping_confirmed=True)
    attach_layer(tmp_path, names, "arn:the-layer", sends_scores=sends_scores)
    config = json.loads((tmp_path / ".chalice" / "config.json").read_text())
    functions = config["stages"][names.stage]["lambda_functions"]
    with_layer = {name for name, function in functions.items() if "layers" in function}
    assert with_layer == ({API, "on_message"} if sends_scores else {API})
